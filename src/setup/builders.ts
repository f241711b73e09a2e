import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import { machinesInSteps } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import { UserError } from '../support/user-error.ts';

export interface BuilderOptions {
  machinesFile?: string | undefined;
  builders?: string | undefined;
}

/** What of the client decides how its Nix reads the text. */
export interface Reader {
  nixVersion: string;
  system: string;
  /** Nix's effective `builders` setting; null where there is no Nix to ask. */
  buildersSetting: string | null;
}

/** Nix's default, where no Nix can be asked. */
const defaultSetting = '@/etc/nix/machines';

/**
 * The builders, from `--builders`, `-m`, or Nix's effective setting, read as the client's Nix reads them.
 * Throws {@link UserError} when the named file cannot be read.
 */
export async function readBuilders(
  options: BuilderOptions,
  reader: Reader,
): Promise<{ text: string; builders: Builder[]; diagnostics: Diagnostic[] }> {
  const text = buildersText(options, reader);
  const steps = machinesInSteps(text, {
    nixVersion: reader.nixVersion === '' ? assumedVersion : reader.nixVersion,
    system: reader.system,
    readFile,
  });
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return { text, ...value };
    await yieldToEventLoop();
  }
}

function buildersText({ machinesFile, builders }: BuilderOptions, reader: Reader): string {
  if (builders !== undefined && machinesFile !== undefined) {
    throw new UserError('give either --machines-file or --builders, not both');
  }
  if (builders !== undefined) return builders;
  if (machinesFile === undefined) return reader.buildersSetting ?? defaultSetting;
  const path = resolve(machinesFile);
  try {
    if (!statSync(path).isFile()) throw new UserError(`${path} is not a file`);
    readFileSync(path);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      `cannot read the machines file: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return `@${path}`;
}

/** Null where there is no such file: Nix then goes on in silence. */
function readFile(path: string): string | null {
  try {
    // Nix's hook runs in `/`, so that is what a relative include is relative to.
    return readFileSync(resolve('/', path), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
