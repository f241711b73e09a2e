/** Keeps the head and the tail of a stream, so that a flood costs no memory and both ends can be read. */
export class Capped {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  /** `limit`: bytes kept in all. */
  constructor(limit = 256 * 1024) {
    this.#half = Math.floor(limit / 2);
  }

  get truncated(): boolean {
    this.#trim();
    return this.#dropped > 0;
  }

  add(chunk: Buffer): void {
    const room = this.#half - this.#headBytes;
    const first = chunk.subarray(0, room);
    if (first.length > 0) this.#head.push(first);
    this.#headBytes += first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Not at every chunk: a program that writes byte by byte would make this quadratic.
    if (this.#tailBytes > 4 * this.#half || this.#tail.length > 4096) this.#trim();
  }

  /** As UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    this.#trim();
    if (this.#dropped === 0) return Buffer.concat([...this.#head, ...this.#tail]).toString('utf8');
    const [head, tail] = [Buffer.concat(this.#head), Buffer.concat(this.#tail)];
    return `${head.toString('utf8')}\n[… ${this.#dropped} bytes left out …]\n${tail.toString('utf8')}`;
  }

  #trim(): void {
    const whole = Buffer.concat(this.#tail);
    // A copy, so that what is left out can be freed.
    const kept = Buffer.from(whole.subarray(Math.max(whole.length - this.#half, 0)));
    this.#dropped += whole.length - kept.length;
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}
