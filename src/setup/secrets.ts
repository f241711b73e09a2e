import { readFile } from 'node:fs/promises';
import { readPair } from './read-options.ts';
import { UserError } from '../support/user-error.ts';

/** Where secret values come from: never from the command line itself, which everybody on the machine can read. */
export interface SecretOptions {
  /** `KEY=VARIABLE` of the environment. */
  secret: string[];
  /** `KEY=FILE` */
  secretFile: string[];
  /** `KEY=COMMAND` for sh. */
  secretCommand: string[];
}

/** Characters: a shorter one cannot be told from other text. */
const shortest = 4;

/** Every secret value by its key, without the newline at its end. Throws {@link UserError}. */
export async function readSecrets(
  { secret, secretFile, secretCommand }: SecretOptions,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const asked = [
    ...secret.map((text) => read(text, '--secret', 'VARIABLE', fromVariable)),
    ...secretFile.map((text) => read(text, '--secret-file', 'FILE', fromFile)),
    ...secretCommand.map((text) =>
      read(text, '--secret-command', 'COMMAND', (command) => fromCommand(command, signal)),
    ),
  ];
  return Object.fromEntries(await Promise.all(asked));
}

async function read(
  text: string,
  option: string,
  what: string,
  valueOf: (from: string) => Promise<string> | string,
): Promise<[key: string, value: string]> {
  const [key, from] = readPair(text, option, what);
  let value: string;
  try {
    value = await valueOf(from);
  } catch (error) {
    throw new UserError(`${option} ${key}: ${error instanceof Error ? error.message : String(error)}`);
  }
  value = value.replace(/\n+$/, '');
  if (value.length < shortest)
    throw new UserError(`${option} ${key}: the value is too short to be told from other text`);
  return [key, value];
}

function fromVariable(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new Error(`it wants the name of an environment variable, not "${name}"`);
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

async function fromFile(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`cannot read ${path} (${code ?? 'unknown error'})`);
  });
}

/** What it prints is the secret, so an error says nothing of it. */
async function fromCommand(command: string, signal: AbortSignal): Promise<string> {
  const { execa } = await import('execa');
  const { exitCode, failed, stdout } = await execa('sh', ['-c', command], {
    reject: false,
    stdin: 'ignore',
    stderr: 'inherit',
    cancelSignal: signal,
  });
  if (failed) throw new Error(`the command ended with status ${exitCode ?? 'unknown'}`);
  return stdout;
}
