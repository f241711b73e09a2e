import { stripVTControlCharacters } from 'node:util';

/**
 * Text of unknown origin made harmless: no terminal sequences, no lone surrogates, and every control character but
 * newline and tab shown by its Unicode picture, so that nothing is hidden.
 */
export function visible(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/\r\n/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f]/g, (char) => String.fromCharCode(0x2400 + char.charCodeAt(0)))
    .replace(/\x7f/g, '\u2421')
    .replace(/[\x80-\x9f\u2028\u2029\ufeff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, '\ufffd');
}

/** The same on one line. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}
