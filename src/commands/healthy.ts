import { isExternal } from '../engine/external.ts';
import { entryWith } from '../machines/entry-with.ts';
import { visible } from '../report/escape/visible.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { runChecks, type RunOptions } from '../setup/run-checks.ts';
import { print } from '../cli/print.ts';

/**
 * `healthy`: checks the builders and prints those that are healthy as a value for `--builders`; the others go to standard
 * error with what is wrong. 0 when there is one, else 1.
 */
export async function healthy(options: RunOptions, version: string): Promise<number> {
  const interrupt = onInterrupt();
  try {
    const { report, builders } = await runChecks(options, {
      version,
      signal: interrupt.signal,
      onNotes: (notes) => {
        for (const note of notes) print(note, process.stderr);
      },
      onEvent: () => undefined,
    });
    const good: string[] = [];
    // The report has the builders in their own order.
    for (const [index, { name, verdict, rootCause }] of report.builders.entries()) {
      const builder = builders[index];
      if (builder === undefined || isExternal(builder)) continue;
      if (verdict === 'healthy') good.push(entryWith(builder, {}));
      else print(`left out: ${name}: ${rootCause?.message ?? 'it could not be measured'}`, process.stderr);
    }
    // As it stands: a redacted entry would be another one.
    process.stdout.write(`${visible(good.join(' ; '))}\n`);
    return interrupt.exitCode() ?? (good.length > 0 ? 0 : 1);
  } finally {
    interrupt.dispose();
  }
}
