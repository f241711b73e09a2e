import type { Report } from '../generated/types.ts';
import { nagiosExitCodeOf } from './exit-code.ts';
import { brief } from './brief.ts';
import { causeWords } from './trouble.ts';

const words = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] as const;

/** Some cores keep no more of a plugin's line than 4 KiB, performance data included. */
const longestText = 2000;

/** What the Nagios template shows: one line, and performance data with fixed labels. */
export function nagiosView(report: Report): object {
  const { builders, checks, verdict } = report.summary;
  const bad = report.builders.flatMap((builder) =>
    builder.rootCause === null ? [] : [`${brief(builder.name, 100)}: ${causeWords(builder)}`],
  );
  const warned = checks.warn === 0 ? [] : [`${checks.warn} ${checks.warn === 1 ? 'warning' : 'warnings'}`];
  const cut = report.interrupted === true ? ['interrupted, not all was tested'] : [];
  return {
    word: words[nagiosExitCodeOf(report)],
    text: brief(
      [
        `${verdict}, ${builders.healthy} of ${builders.total} builders healthy`,
        ...cut,
        ...bad,
        ...warned,
      ].join('; '),
      longestText,
    ),
    ...builders,
    ...checks,
    durationMs: report.durationMs,
  };
}
