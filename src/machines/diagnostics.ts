import type { Diagnostic } from './builder.ts';
import type { Span } from './text.ts';

/** Gathers what is found while reading, each with its place. */
export class Diagnostics {
  readonly list: Diagnostic[] = [];
  /** How many of them are errors. */
  errors = 0;

  /** Nix refuses the whole text. */
  error(at: Span, code: string, message: string): void {
    this.errors += 1;
    this.#add('error', at, code, message);
  }

  /** Nix accepts it in silence and does something unexpected. */
  warn(
    at: Span,
    code: string,
    message: string,
    more: Pick<Diagnostic, 'stopsBuilds' | 'correction'> = {},
  ): void {
    this.#add('warning', at, code, message, more);
  }

  #add(
    severity: Diagnostic['severity'],
    { file, line, column }: Span,
    code: string,
    message: string,
    more: Pick<Diagnostic, 'stopsBuilds' | 'correction'> = {},
  ): void {
    this.list.push({
      severity,
      code,
      message,
      ...(file === undefined ? {} : { file }),
      line,
      column,
      ...more,
    });
  }
}
