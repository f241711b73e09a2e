import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveInside } from '../../../../src/support/resolve-inside.ts';
import { keysOption, nixText } from './configuration.ts';

type Inside = { enter(): string[] };

/** What the name of a file with an entry of the machines file begins with. */
const machine = 'machine-';

/**
 * Adds a snippet, as the doctor prints it, to the host's configuration. It counts from the next nixos-rebuild. A snippet with
 * the same name is replaced.
 */
export function writeChange(host: Inside, snippet: string, name?: string): void {
  const number = String(names(host).length).padStart(4, '0');
  writeFileSync(
    join(folder(host), 'changes', `${name ?? number}.nix`),
    `{ config, lib, pkgs, ... }: {\n${snippet}\n}\n`,
  );
}

/** Takes out the snippet that was added last. */
export function removeLastChange(host: Inside): void {
  const numbered = names(host).filter((name) => /^\d/.test(name));
  rmSync(join(folder(host), 'changes', numbered.sort().at(-1) ?? ''));
}

/** Makes these lines the machines file: those that nix.buildMachines can say through it, others as text. */
export function writeMachines(host: Inside, text: string): void {
  for (const name of names(host).filter((one) => one.startsWith(machine)))
    rmSync(join(folder(host), 'changes', name));
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const option = buildMachine(line) ?? `environment.etc."nix/machines".text = ${nixText(`${line}\n`)};`;
    writeChange(host, `# ${line}\n${option}`, `${machine}${index}`);
  }
}

/**
 * Takes out a definition of a machine: the only one, or that whose line of the machines file holds all the words (the last if
 * there are several).
 */
export function removeMachine(host: Inside, ...words: string[]): void {
  const all = names(host).filter((name) => name.startsWith(machine));
  const named = all.filter((name) => {
    const line = readFileSync(join(folder(host), 'changes', name), 'utf8').split('\n')[1] ?? '';
    return words.every((word) => line.includes(word));
  });
  const found = (all.length === 1 ? all : named).at(-1);
  if (found === undefined) throw new Error(`no machine of the configuration has ${words.join(', ')}`);
  rmSync(join(folder(host), 'changes', found));
}

/** Takes a line out of the texts of nix.extraOptions; those that begin with it, if it is a part. */
export function removeExtraLine(host: Inside, line: string): void {
  for (const name of names(host)) {
    const file = join(folder(host), 'changes', name);
    const text = readFileSync(file, 'utf8');
    // A text stands on one line, with \n between its lines.
    const kept = text.replace(
      /^(nix\.extraOptions = ")(.*)(";)$/gm,
      (_, head: string, lines: string, tail: string) =>
        [
          head,
          lines
            .split('\\n')
            .filter((one) => !one.startsWith(line))
            .join('\\n'),
          tail,
        ].join(''),
    );
    if (kept !== text) writeFileSync(file, kept);
  }
}

/** Takes out every definition of an option that fills a line. Returns how many there were. */
export function removeDefinitions(host: Inside, option: string): number {
  const files = ['host.nix', ...names(host).map((name) => join('changes', name))];
  let removed = 0;
  for (const file of files.map((name) => join(folder(host), name))) {
    const lines = readFileSync(file, 'utf8').split('\n');
    const kept = lines.filter((line) => !line.trimStart().startsWith(`${option} =`));
    removed += lines.length - kept.length;
    if (kept.length < lines.length) writeFileSync(file, kept.join('\n'));
  }
  return removed;
}

/** Changes the keys that open an account, wherever the configuration has them. */
export function changeKeys(host: Inside, user: string, change: (key: string) => string): void {
  const start = `${keysOption(user)} = `;
  for (const name of ['host.nix', ...names(host).map((one) => join('changes', one))]) {
    const file = join(folder(host), name);
    const lines = readFileSync(file, 'utf8').split('\n');
    const changed = lines.map((line) =>
      line.trimStart().startsWith(start)
        ? line.replace(/"(?:[^"\\]|\\.)*"/g, (text) => nixText(change(JSON.parse(text) as string)))
        : line,
    );
    writeFileSync(file, changed.join('\n'));
  }
}

/** An entry as its option has it; undefined where the option's type cannot hold it. */
function buildMachine(line: string): string | undefined {
  const [
    uri = '',
    systems = '-',
    key = '-',
    jobs = '1',
    speed = '1',
    features = '-',
    mandatory = '-',
    hostKey = '-',
    ...more
  ] = line.split(/[ \t]+/);
  const [, protocol, , user, host] = /^(ssh|ssh-ng):\/\/((\w+)@)?([\w.-]+)$/.exec(uri) ?? [];
  if (protocol === undefined || host === undefined || more.length > 0) return undefined;
  if (!/^\d+$/.test(jobs) || !/^[1-9]\d*$/.test(speed) || systems === '-') return undefined;
  const lists = (text: string): string[] => (text === '-' ? [] : text.split(','));
  const fields: Record<string, string> = {
    hostName: nixText(host),
    protocol: nixText(protocol),
    ...(user === undefined ? {} : { sshUser: nixText(user) }),
    systems: nixText(lists(systems)),
    ...(key === '-' ? {} : { sshKey: nixText(key) }),
    maxJobs: jobs,
    speedFactor: speed,
    // The module writes mandatory features into both columns.
    supportedFeatures: nixText(lists(features)),
    mandatoryFeatures: nixText(lists(mandatory)),
    ...(hostKey === '-' ? {} : { publicHostKey: nixText(hostKey) }),
  };
  return `nix.buildMachines = [ { ${Object.entries(fields)
    .map(([name, value]) => `${name} = ${value}; `)
    .join('')}} ];`;
}

function names(host: Inside): string[] {
  return readdirSync(join(folder(host), 'changes'));
}

function folder(host: Inside): string {
  const [, init = ''] = host.enter();
  return resolveInside(`/proc/${init}/root`, '/etc/nixos');
}
