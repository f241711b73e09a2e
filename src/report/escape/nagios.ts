import { oneLine } from './visible.ts';

/** Text of a Nagios plugin's one line, where `|` would begin the performance data. */
export function nagiosText(text: string): string {
  return oneLine(text).replaceAll('|', '¦');
}
