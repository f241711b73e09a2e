/** Thrown when the bytes end before the value does: more may come. */
export class Incomplete extends Error {
  override readonly name = 'Incomplete';
}

/** Reads Nix's wire encoding: little-endian 64-bit integers, and strings padded with zeros to 8 bytes. */
export class WireReader {
  readonly #bytes: Buffer;
  #offset: number;

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes;
    this.#offset = offset;
  }

  /** Values above 2^53 lose precision; none of the protocol's own are that large. */
  integer(): number {
    if (this.#offset + 8 > this.#bytes.length) throw new Incomplete('integer');
    const value = this.#bytes.readBigUInt64LE(this.#offset);
    this.#offset += 8;
    return Number(value);
  }

  string(): string {
    const length = this.integer();
    const end = this.#offset + length;
    const padded = Math.ceil(length / 8) * 8;
    if (this.#offset + padded > this.#bytes.length) throw new Incomplete('string');
    const text = this.#bytes.toString('utf8', this.#offset, end);
    this.#offset += padded;
    return text;
  }
}

/** The bytes of integers as Nix sends them. */
export function integers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => bytes.writeBigUInt64LE(BigInt(value), index * 8));
  return bytes;
}
