import { measured } from './measured.ts';

const powers = ['', 'k', 'm', 'g', 't', 'p', 'e'];

/**
 * Bytes in a text such as `2GiB`, `1.5G` or `512 MB`, or null. `K` and `KiB` are 1024 bytes, as df -h, du -h and ls -h
 * write them; `kB` is 1000.
 */
function bytesIn(text: string): number | null {
  const [, number = '', prefix = '', binary = '', unit = ''] =
    /^\s*(\d+(?:\.\d+)?)\s*([kmgtpe]?)(i?)(b|bytes?)?\s*$/i.exec(text) ?? [];
  if (number === '' || (binary !== '' && prefix === '')) return null;
  const base = binary !== '' || unit === '' ? 1024 : 1000;
  return Number(number) * base ** powers.indexOf(prefix.toLowerCase());
}

/** A size in bytes: a number, or a text with a unit. */
export const size = measured({
  name: 'size',
  judges: ['text', 'number'],
  example: '2GiB',
  limit: (operand) => (typeof operand === 'string' ? bytesIn(operand) : numberOf(operand)),
  read: (actual) => (typeof actual === 'string' ? bytesIn(actual) : numberOf(actual)),
});

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
