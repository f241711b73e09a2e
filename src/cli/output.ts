import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import type { Report } from '../generated/report.ts';
import { checkFormat, renderPieces } from '../report/render.ts';
import { wantsColor } from '../report/wants-color.ts';
import { UserError } from '../support/user-error.ts';
import type { Verbosity } from '../report/render-options.ts';

/** One `-f NAME[=FILE]`. */
export interface Output {
  format: string;
  /** Absent: standard output. */
  file?: string;
}

/** `-q` and `-v`, which may be repeated. */
export interface VerbosityOptions {
  quiet?: true | undefined;
  /** How often it was given. */
  verbose?: number | true | undefined;
}

export function readVerbosity({ quiet, verbose = 0 }: VerbosityOptions): Verbosity {
  if (quiet === true) return -1;
  if (verbose === true) return 1;
  return verbose === 0 || verbose === 1 || verbose === 2 ? verbose : 3;
}

/** Reads the `-f` options. Throws {@link UserError} for an unknown format, or two for standard output. */
export function readOutputs(formats: readonly string[]): Output[] {
  const outputs = (formats.length === 0 ? ['table'] : formats).map((text): Output => {
    const at = text.indexOf('=');
    return at < 0 ? { format: text } : { format: text.slice(0, at), file: text.slice(at + 1) };
  });
  for (const { format } of outputs) {
    const problem = checkFormat(format);
    if (problem !== null) throw new UserError(problem);
  }
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new UserError(
      'only one format can go to standard output; give the others a file: -f junit=report.xml',
    );
  }
  if (outputs.some(({ file }) => file === '')) throw new UserError('-f NAME= lacks the name of the file');
  return outputs;
}

/** Writes every output. A file appears whole or not at all. Throws {@link UserError} when one cannot be written. */
export async function writeOutputs(
  outputs: readonly Output[],
  report: Report,
  verbosity: Verbosity,
): Promise<void> {
  for (const { format, file } of outputs) {
    if (file === undefined) {
      const { stdout } = process;
      const color = wantsColor(stdout);
      const width = stdout.isTTY ? stdout.columns : 100;
      for await (const piece of gathered(await renderOrRefuse(report, format, { color, verbosity, width })))
        // Nobody may read it any more; whoever listens for that hears of it.
        await new Promise((resolve) => stdout.write(piece, resolve));
    } else
      await writeWhole(file, await renderOrRefuse(report, format, { color: false, verbosity, width: 100 }));
  }
}

/** A template of the user's own may be wrong; that is no bug of ours. */
async function renderOrRefuse(
  ...[report, format, options]: Parameters<typeof renderPieces>
): ReturnType<typeof renderPieces> {
  try {
    return await renderPieces(report, format, options);
  } catch (error) {
    if (!format.endsWith('.hbs') || !(error instanceof Error)) throw error;
    throw new UserError(`cannot render ${format}: ${error.message}`);
  }
}

/** Small pieces joined to such as are worth writing; what makes them may take long. */
async function* gathered(pieces: Iterable<string>): AsyncGenerator<string> {
  let text = '';
  for (const piece of pieces) {
    text += piece;
    await yieldToEventLoop();
    if (text.length < worthWriting) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

const worthWriting = 64 * 1024;

/** Throws {@link UserError}. */
export async function writeWhole(file: string, pieces: Iterable<string>): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const handle = await open(partial, 'wx');
    try {
      for await (const piece of gathered(pieces)) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    // What the system refuses is told; a fault of a renderer is ours.
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new UserError(`cannot write ${file}: ${error.message}`);
  }
}
