/** Bytes. Socket paths end at about 100 (unix(7)), and ssh adds 17 of its own for a moment. */
const longest = 80;

/** Whether ssh can listen at this path (ControlPath). */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= longest;
}
