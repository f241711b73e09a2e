import { readSync, writeSync } from 'node:fs';

/** A setting that Nix hands its hook, at its place among the bytes. */
export interface Setting {
  name: string;
  value: string;
}

/** Longer texts are none of Nix's settings. */
const mostBytes = 4 * 1024 * 1024;

/** What was read, and the settings in it; null where it does not begin as Nix's requests do. */
export interface Request {
  bytes: Buffer;
  settings: Setting[] | null;
}

/**
 * Reads the settings from Nix's request (src/libstore/unix/build/hook-instance.cc), and not one byte more: what follows
 * is the hook's. Each is the number 1, the name and the value; a 0 ends them.
 */
export function readRequest(input: number): Request {
  const read: Buffer[] = [];
  const settings: Setting[] = [];
  const whole = (): boolean => {
    for (;;) {
      const mark = number(input, read);
      if (mark === 0) return true;
      if (mark !== 1) return false;
      const name = text(input, read);
      const value = name === null ? null : text(input, read);
      if (name === null || value === null) return false;
      settings.push({ name, value });
    }
  };
  const isWhole = whole();
  return { bytes: Buffer.concat(read), settings: isWhole ? settings : null };
}

/** The settings as Nix writes them. */
export function requestBytes(settings: readonly Setting[]): Buffer {
  return Buffer.concat([
    ...settings.flatMap(({ name, value }) => [int(1), string(name), string(value)]),
    int(0),
  ]);
}

/** The bytes before a setting's value; null where there is no such setting. */
export function framesOf(settings: readonly Setting[], wanted: string): { before: Buffer } | null {
  const at = settings.findIndex(({ name }) => name === wanted);
  if (at < 0) return null;
  const end = int(0).length;
  const earlier = requestBytes(settings.slice(0, at)).subarray(0, -end);
  return { before: Buffer.concat([earlier, int(1), string(wanted)]) };
}

function number(input: number, read: Buffer[]): number | null {
  const bytes = take(input, 8, read);
  if (bytes === null) return null;
  const value = bytes.readBigUInt64LE();
  return value > BigInt(mostBytes) ? null : Number(value);
}

/** Padded with zeroes to a multiple of eight. */
function text(input: number, read: Buffer[]): string | null {
  const length = number(input, read);
  if (length === null) return null;
  const bytes = take(input, length + padding(length), read);
  return bytes === null ? null : bytes.toString('latin1', 0, length);
}

/** Null at the end of the input; what came is kept all the same. */
function take(input: number, length: number, read: Buffer[]): Buffer | null {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = again(() => readSync(input, bytes, filled, length - filled, null));
    if (count === 0) break;
    filled += count;
  }
  read.push(bytes.subarray(0, filled));
  return filled < length ? null : bytes;
}

/** Writes all of it. */
export function writeAll(output: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += again(() => writeSync(output, bytes, written));
}

/** A pipe that another left without blocking answers so where nothing is there yet. */
function again(does: () => number): number {
  for (;;) {
    try {
      return does();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** Text as Nix writes it: its length, its bytes, and zeroes up to a multiple of eight. */
export function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([int(bytes.length), bytes, Buffer.alloc(padding(bytes.length))]);
}

function padding(length: number): number {
  return (8 - (length % 8)) % 8;
}

/** A setting's value as text. Values are kept byte by byte. */
export function fromBytes(value: string): string {
  return Buffer.from(value, 'latin1').toString('utf8');
}

export function toBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
