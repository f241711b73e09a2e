/** Keeps the head and the tail of a stream, so that a flood costs no memory and both ends can be read. */
export class Capped {
  readonly #half: number;
  #head = Buffer.alloc(0);
  #tail = Buffer.alloc(0);
  #dropped = 0;

  /** `limit`: bytes kept in all. */
  constructor(limit = 256 * 1024) {
    this.#half = Math.floor(limit / 2);
  }

  get truncated(): boolean {
    return this.#dropped > 0;
  }

  add(chunk: Buffer): void {
    const room = this.#half - this.#head.length;
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    const rest = chunk.subarray(Math.max(room, 0));
    if (rest.length === 0) return;
    const tail = Buffer.concat([this.#tail, rest]);
    this.#dropped += Math.max(tail.length - this.#half, 0);
    this.#tail = tail.subarray(-this.#half);
  }

  /** As UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    if (this.#dropped === 0) return Buffer.concat([this.#head, this.#tail]).toString('utf8');
    return `${this.#head.toString('utf8')}\n[… ${this.#dropped} bytes left out …]\n${this.#tail.toString('utf8')}`;
  }
}
