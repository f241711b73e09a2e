/**
 * Whether text for this stream gets colors. FORCE_COLOR decides before NO_COLOR (no-color.org), as in Node itself; `0`
 * and `false` mean no.
 */
export function wantsColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean {
  const { FORCE_COLOR, NO_COLOR = '' } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return NO_COLOR === '' && stream.isTTY === true;
}
