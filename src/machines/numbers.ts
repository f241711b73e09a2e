/** As `boost::lexical_cast<unsigned int>`: `+3` and `007` are numbers, `-1`, `1.5` and `0x10` are none. Null: refused. */
export function parseUint32(text: string): number | null {
  if (!/^\+?[0-9]+$/.test(text)) return null;
  const value = BigInt(text.replace('+', ''));
  return value <= 0xffff_ffffn ? Number(value) : null;
}

/** As `boost::lexical_cast<float>`: decimal, with exponent, `inf` and `nan`; what overflows is refused. */
export function parseFloat32(text: string): number | null {
  const special = /^([+-]?)(inf|infinity|nan(?:\([^()]*\))?)$/i.exec(text);
  if (special !== null) {
    if (/^nan/i.test(special[2] ?? '')) return Number.NaN;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) return null;
  const value = Math.fround(Number(text));
  return Number.isFinite(value) ? value : null;
}

/** Nix's base64 reader: stops at the first `=`, and does not mind the length. */
export function isNixBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*(?:=|$)/.test(text);
}
