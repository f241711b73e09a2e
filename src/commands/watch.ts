import { unwatchFile, watchFile } from 'node:fs';
import type { Report } from '../generated/types.ts';
import { compareReports } from '../report/compare.ts';
import { liveProgress } from '../report/live/index.ts';
import { render } from '../report/render.ts';
import { wantsColor } from '../report/wants-color.ts';
import { changeLines } from '../cli/changes.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { newNotes } from '../cli/new-notes.ts';
import { pause, wakeUp } from '../cli/pause.ts';
import { runChecks, type RunOptions } from '../setup/run-checks.ts';
import { print } from '../cli/print.ts';
import { readInterval } from '../setup/read-options.ts';
import { UserError } from '../support/user-error.ts';

export interface WatchOptions extends RunOptions {
  every: string;
}

const clearScreen = '\x1b[H\x1b[2J';

/** How often a file is looked at. Polling sees a file that is replaced, which is how editors and NixOS write. */
const pollMs = 1000;

/** `watch`: the table, made anew every so often and when the machines file changes, and what is different. */
export async function watch(options: WatchOptions, version: string): Promise<number> {
  const everyMs = readInterval(options.every, '--every');
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  const wake = new EventTarget();
  const files = [options.machinesFile ?? '/etc/nix/machines', '/etc/nix/nix.conf'];
  for (const file of files) watchFile(file, { interval: pollMs }, () => wakeUp(wake));
  let last: Report | null = null;
  const onNotes = newNotes();
  try {
    while (!signal.aborted) {
      const report = await look(options, version, onNotes, signal);
      if (report !== null && report.interrupted !== true) {
        await show(report, last, options.every);
        last = report;
      }
      await pause(everyMs, wake, signal);
    }
  } finally {
    for (const file of files) unwatchFile(file);
    interrupt.dispose();
  }
  return interrupt.exitCode() ?? 0;
}

/** Null, with the reason told, where nothing can be checked now: the next change may correct it. */
async function look(
  options: RunOptions,
  version: string,
  onNotes: (notes: readonly string[]) => void,
  signal: AbortSignal,
): Promise<Report | null> {
  const progress = await liveProgress(process.stderr);
  try {
    const { report } = await runChecks(options, {
      version,
      signal,
      repeats: true,
      onNotes,
      onEvent: progress.onEvent,
    });
    return report;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    progress.close();
    print(error.message, process.stderr);
    return null;
  } finally {
    progress.close();
  }
}

/** On a terminal the whole table each time; elsewhere once, and then only what is different. */
async function show(report: Report, last: Report | null, every: string): Promise<void> {
  const { stdout } = process;
  const time = new Date().toTimeString().slice(0, 8);
  const changes = last === null ? [] : changeLines(compareReports(last, report));
  if (stdout.isTTY || last === null) {
    const table = await render(report, 'table', {
      color: wantsColor(stdout),
      verbosity: 0,
      width: stdout.isTTY ? stdout.columns : 100,
    });
    stdout.write(`${stdout.isTTY ? clearScreen : ''}${table}`);
  }
  if (changes.length > 0) print([`${time}, since the run before:`, ...changes].join('\n'));
  else if (stdout.isTTY)
    print(`${time}: nothing changed; again in ${every}, or when the machines file changes. Ctrl-C ends.`);
}
