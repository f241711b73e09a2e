/** A template that is refused, or a value that is missing. Line and column count from 1 inside the template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code: 'template-syntax' | 'template-unsafe' | 'template-missing-value';
  readonly line: number;
  readonly column: number;
  constructor(code: TemplateError['code'], message: string, line: number, column: number) {
    super(message);
    this.code = code;
    this.line = line;
    this.column = column;
  }
}
