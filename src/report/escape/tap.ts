import { oneLine } from './visible.ts';

/**
 * A TAP description or reason: one line, `\` and `#` escaped, so that no text can become a directive or a test point
 * (TAP 14, "Escaping").
 */
export function tapText(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('#', '\\#');
}
