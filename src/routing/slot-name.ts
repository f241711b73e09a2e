import { createHash } from 'node:crypto';
import type { Features } from '../machines/release.ts';

/** The name of a slot file in current-load: the builder's, and the number of the slot (build-remote.cc, `openSlotLock`). */
export function slotName(uri: string, index: number, features: Pick<Features, 'hashedSlots'>): string {
  return slotNames(uri, features)(index);
}

/** The names of all slot files of a builder, by their number. */
export function slotNames(uri: string, features: Pick<Features, 'hashedSlots'>): (index: number) => string {
  const name = builderName(uri, features);
  return (index) => `${name}-${index}`;
}

/** The name of the file in current-load whose lock Nix holds while it uploads what a build needs (build-remote.cc). */
export function uploadLockName(uri: string, features: Pick<Features, 'hashedSlots'>): string {
  return `${builderName(uri, features)}.upload-lock`;
}

/** The URI with `/` made `_`. Lix cuts it and adds a hash of the whole. */
function builderName(uri: string, { hashedSlots }: Pick<Features, 'hashedSlots'>): string {
  const escaped = uri.replaceAll('/', '_');
  return hashedSlots
    ? `${escaped.slice(0, 48)}-${nixBase32(createHash('sha256').update(uri).digest()).slice(0, 16)}`
    : escaped;
}

const alphabet = '0123456789abcdfghijklmnpqrsvwxyz';

/** Nix's own base 32: the last bits first, without e, o, t and u. */
function nixBase32(bytes: Buffer): string {
  const length = Math.ceil((bytes.length * 8) / 5);
  let text = '';
  for (let n = length - 1; n >= 0; n -= 1) {
    const bit = n * 5;
    const byte = Math.floor(bit / 8);
    const shift = bit % 8;
    const value = ((bytes[byte] ?? 0) >> shift) | ((bytes[byte + 1] ?? 0) << (8 - shift));
    text += alphabet[value & 0x1f] ?? '';
  }
  return text;
}
