import { randomBytes } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import type { Report } from '../generated/report.ts';
import { checkFormat, render } from '../report/render.ts';
import { UserError } from './user-error.ts';

/** One `-f NAME[=FILE]`. */
export interface Output {
  format: string;
  /** Absent: standard output. */
  file?: string;
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
  verbose: boolean,
): Promise<void> {
  for (const { format, file } of outputs) {
    if (file === undefined) {
      const { stdout } = process;
      const color = stdout.isTTY && !process.env['NO_COLOR'];
      stdout.write(
        renderOrRefuse(report, format, { color, verbose, width: stdout.isTTY ? stdout.columns : 100 }),
      );
    } else await writeWhole(file, renderOrRefuse(report, format, { color: false, verbose, width: 100 }));
  }
}

/** A template of the user's own may be wrong; that is no bug of ours. */
function renderOrRefuse(...[report, format, options]: Parameters<typeof render>): string {
  try {
    return render(report, format, options);
  } catch (error) {
    if (!format.endsWith('.hbs') || !(error instanceof Error)) throw error;
    throw new UserError(`cannot render ${format}: ${error.message}`);
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  const partial = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    await writeFile(partial, text, { flag: 'wx' });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw new UserError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
