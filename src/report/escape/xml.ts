import { visible } from './visible.ts';

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text or an attribute of XML 1.0: no character that XML forbids, line ends and tabs kept in attributes too. */
export function xmlText(text: string): string {
  return visible(text)
    .replace(/[&<>"']/g, (char) => entities[char] ?? char)
    .replace(/\n/g, '&#10;')
    .replace(/\t/g, '&#9;');
}
