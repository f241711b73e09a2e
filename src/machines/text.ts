/** A piece of the text with the place of its first character. Lines and columns count from 1. */
export interface Span {
  text: string;
  file?: string;
  line: number;
  column: number;
}

/** Nix's `tokenizeString`: splits at any of the separators and drops what is empty. */
export function tokenize(span: Span, separators: string): Span[] {
  const found: Span[] = [];
  // Counted on the way: a machines file may be long.
  let { line, column } = span;
  let start = -1;
  let place = { line, column };
  for (let index = 0; index <= span.text.length; index += 1) {
    const char = span.text[index];
    const splits = char === undefined || separators.includes(char);
    if (!splits && start < 0) {
      start = index;
      place = { line, column };
    }
    if (splits && start >= 0) {
      found.push({ ...span, text: span.text.slice(start, index), ...place });
      start = -1;
    }
    if (char === '\n') {
      line += 1;
      column = 1;
    } else {
      column += 1;
    }
  }
  return found;
}

/** A part of a span, with its own place. */
export function slice(span: Span, start: number, end: number): Span {
  const before = span.text.slice(0, start);
  const lines = before.split('\n');
  const last = lines.at(-1) ?? '';
  const line = span.line + lines.length - 1;
  const column = lines.length === 1 ? span.column + last.length : last.length + 1;
  return { ...span, text: span.text.slice(start, end), line, column };
}

const blanks = ' \n\r\t';

/** Nix's `trim`. */
export function trim(span: Span): Span {
  let start = 0;
  let end = span.text.length;
  while (start < end && blanks.includes(span.text[start] ?? '')) start += 1;
  while (end > start && blanks.includes(span.text[end - 1] ?? '')) end -= 1;
  return slice(span, start, end);
}

/** The part before the first `#`. */
export function withoutComment(span: Span): Span {
  const at = span.text.indexOf('#');
  return at < 0 ? span : slice(span, 0, at);
}
