import { nagiosText } from '../report/escape/nagios.ts';
import type { CheckOptions } from '../cli/check-builders.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';
import { readDuration } from '../setup/read-options.ts';
import { UserError } from '../support/user-error.ts';

/** `check`: looks at every builder, writes the outputs, returns the exit code. Throws {@link UserError}. */
export async function check(options: CheckOptions, version: string): Promise<number> {
  const interrupt = onInterrupt(
    options.deadline === undefined ? undefined : readDuration(options.deadline, '--deadline'),
  );
  const over = new AbortController();
  // Nix takes as long to answer as the rest of the program takes to load.
  const machine =
    options.replay === undefined
      ? inspectThisMachine(AbortSignal.any([interrupt.signal, over.signal]))
      : undefined;
  machine?.catch(() => undefined);
  try {
    const { checkBuilders } = await import('../cli/check-builders.ts');
    return await checkBuilders(options, { version, interrupt, machine });
  } catch (error) {
    // A monitoring system reads standard output, and knows no exit code but its own.
    if (!(error instanceof UserError) || options.exit !== 'nagios') throw error;
    process.stdout.write(`NIX_BUILDERS UNKNOWN - ${nagiosText(error.message)}\n`);
    return 3;
  } finally {
    over.abort();
    interrupt.dispose();
  }
}
