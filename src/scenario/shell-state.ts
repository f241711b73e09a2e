/**
 * Follows how a POSIX shell would read a command, as far as needed to know whether a value may be put in at a
 * place as a quoted word. Quotes do nothing inside quotes, so there a value would be read as code.
 */
export class ShellState {
  #stack: ('plain' | 'double')[] = ['plain'];
  #single = false;
  #comment = false;
  #backtick = false;
  #hereDocument = false;
  #escaped = false;
  #wordStart = true;

  /** Why no value may be put in here, or null when one may. */
  get refusal(): string | null {
    if (this.#hereDocument) return 'in or after a here-document';
    if (this.#comment) return 'in a comment';
    if (this.#backtick) return 'inside backticks';
    if (this.#single || this.#stack.at(-1) === 'double') return 'inside quotes';
    if (this.#escaped) return 'after a backslash';
    return null;
  }

  /** Equal texts mean equal states. */
  get fingerprint(): string {
    return JSON.stringify([
      this.#stack,
      this.#single,
      this.#comment,
      this.#backtick,
      this.#hereDocument,
      this.#escaped,
    ]);
  }

  /** A value stands here: a word has begun. */
  value(): void {
    this.#wordStart = false;
  }

  read(text: string): void {
    for (let index = 0; index < text.length; index += 1) {
      const skip = this.#step(text[index] ?? '', text.slice(index + 1, index + 3));
      index += skip;
    }
  }

  /** Reads one character; returns how many of the next ones belong to it. */
  #step(char: string, next: string): number {
    const wordStart = this.#wordStart;
    this.#wordStart = /[\s;&|()]/.test(char);
    if (this.#escaped) {
      this.#escaped = false;
    } else if (this.#comment) {
      this.#comment = char !== '\n';
    } else if (this.#single) {
      this.#single = char !== "'";
    } else if (char === '\\') {
      this.#escaped = true;
    } else if (char === '`') {
      this.#backtick = !this.#backtick;
    } else if (char === '"') {
      if (this.#stack.at(-1) === 'double') this.#stack.pop();
      else this.#stack.push('double');
    } else if (char === '$' && next.startsWith('(')) {
      this.#stack.push('plain');
      return 1;
    } else if (this.#stack.at(-1) === 'plain') {
      if (char === "'") this.#single = true;
      else if (char === '#' && wordStart) this.#comment = true;
      else if (char === '(') this.#stack.push('plain');
      else if (char === ')' && this.#stack.length > 1) this.#stack.pop();
      else if (char === '<' && next.startsWith('<')) this.#hereDocument = true;
    }
    return 0;
  }
}
