import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A directive that is in force in a systemd unit. */
export interface UnitOption {
  name: string;
  /** Of a list, what this line adds to it. */
  value: string;
  /** `FILE:LINE`. */
  where: string;
}

/** systemd answers at once, or not at all. */
const answersWithinMs = 3_000;

const run = promisify(execFile);

/** The [Service] directives of a unit, in the order of its files; empty where no systemd runs. */
export async function readUnit(unit: string): Promise<UnitOption[]> {
  const files = await unitFiles(unit);
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')));
  return serviceOptions(files.map((file, index) => ({ file, text: texts[index] ?? '' })));
}

/** Those of the files of a unit, its own and then its drop-ins. */
export function serviceOptions(files: readonly { file: string; text: string }[]): UnitOption[] {
  return inForce(files.flatMap(({ file, text }) => optionsOf(text, file)));
}

const complains = /error|failed|cannot|denied|exited, code=/i;
/** systemd's words on what follows from the others. */
const saysNothing = /Failed to start |Failed with result|Start request repeated|status=0\b/;

/** The last words that a unit has logged; empty where there is no journal. */
export async function lastWords(unit: string): Promise<string> {
  const text = await ask('journalctl', ['-u', unit, '-n', '30', '-o', 'cat', '--no-pager', '-q']);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const words = lines.filter((line) => complains.test(line) && !saysNothing.test(line));
  return plain(words.at(-1) ?? '');
}

function plain(line: string): string {
  return line.replaceAll(/\x1b\[[\d;]*m/g, '').trim();
}

async function unitFiles(unit: string): Promise<string[]> {
  const shown = await ask('systemctl', ['show', unit, '-p', 'FragmentPath', '-p', 'DropInPaths']);
  const [fragment = '', dropIns = ''] = ['FragmentPath', 'DropInPaths'].map(
    (name) => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '',
  );
  return [fragment, ...dropIns.split(' ')].filter((file) => file.startsWith('/'));
}

async function ask(program: string, words: string[]): Promise<string> {
  const path = [process.env['PATH'], '/usr/bin:/bin:/run/current-system/sw/bin'].filter(Boolean).join(':');
  const env = { ...process.env, PATH: path, LC_ALL: 'C' };
  return run(program, words, { timeout: answersWithinMs, env }).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** The lines of the section [Service] (systemd.syntax(7)); a line that ends with a backslash goes on in the next. */
function optionsOf(text: string, file: string): UnitOption[] {
  const found: UnitOption[] = [];
  let section = '';
  let open = '';
  let start = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*[#;]/.test(line)) continue;
    if (open === '') start = index + 1;
    if (line.endsWith('\\')) {
      open += `${line.slice(0, -1)} `;
      continue;
    }
    const whole = `${open}${line}`.trim();
    open = '';
    section = /^\[(.*)\]$/.exec(whole)?.[1] ?? section;
    const [, name, value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(whole) ?? [];
    if (section === 'Service' && name !== undefined) found.push({ name, value, where: `${file}:${start}` });
  }
  return found;
}

/** Of these a further line adds to those before it; of the others the last counts. An empty value resets both. */
const lists =
  /^(Environment|EnvironmentFile|UnsetEnvironment|\w+Paths|\w+Directories|TemporaryFileSystem|RestrictAddressFamilies|IPAddress\w+|SystemCallFilter|CapabilityBoundingSet|RestrictNetworkInterfaces|SocketBind\w+)$/;

function inForce(options: readonly UnitOption[]): UnitOption[] {
  const kept: UnitOption[] = [];
  for (const option of options) {
    const replaces = option.value === '' || !lists.test(option.name);
    const rest = replaces ? kept.filter(({ name }) => name !== option.name) : [...kept];
    kept.splice(0, kept.length, ...rest, ...(option.value === '' ? [] : [option]));
  }
  return kept;
}
