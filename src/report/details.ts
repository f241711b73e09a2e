import type { ReportCheck } from '../generated/types.ts';
import { fixText } from './fix-text.ts';

/** All that a check says, in lines. The message comes first: some consumers show nothing else. */
export function detailsOf({ message, cause, fix = [], mismatches = [], observation }: ReportCheck): string {
  return [
    message,
    ...(cause === undefined ? [] : [`cause: ${cause}`]),
    ...fix.map((step, index) => `fix ${index + 1}: ${fixText(step)}`),
    ...mismatches.map((one) => `seen: ${one.message}`),
    ...(observation?.command === undefined ? [] : [`command: ${observation.command}`]),
  ].join('\n');
}
