import { oneLine, visible } from './visible.ts';

/**
 * Text inside a Markdown paragraph or table cell (GitHub's flavour), as plain text: no markup, no link, no HTML, no
 * mention of a person, on one line.
 */
export function markdownText(text: string): string {
  return (
    oneLine(text)
      .replace(/[\\`*_{}[\]<>#|~&$]/g, '\\$&')
      .replace(/:(?=\/\/)/g, '\\:')
      .replace(/\b(www|mailto|xmpp)([.:])/gi, '$1\\$2')
      // A backslash does not keep GitHub from telling the person.
      .replace(/@(?=\w)/g, '@\u2060')
  );
}

/** A block of code that no text can close. */
export function markdownCode(text: string): string {
  const body = visible(text).trimEnd();
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${body}\n${fence}`;
}
