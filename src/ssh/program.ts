import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { usualPath } from '../nix/daemon-environment.ts';
import type { UnitOption } from '../nix/daemon-unit.ts';
import { type Blame, blame } from '../nix/daemon-confinement.ts';

/** Why the daemon cannot start ssh, though this machine has one. */
export interface SshProgram {
  /** The program that its PATH finds and that its unit does not let it run; else empty. */
  blocked: string;
  /** One outside its PATH, where its PATH has none; else empty. */
  elsewhere: string;
  path: string;
  by: Blame;
}

/** Looks for ssh on the daemon's PATH, and on the usual one. */
export function lookForSsh(
  env: Readonly<Record<string, string>>,
  options: readonly UnitOption[],
): SshProgram {
  const path = env['PATH'] ?? '';
  const onPath = findIn(path);
  if (onPath !== '')
    return { blocked: onPath, elsewhere: '', path, by: blame(options, 'stopsPrograms', [onPath]) };
  const own = [process.env['PATH'] ?? '', usualPath, '/run/current-system/sw/bin'].join(':');
  const elsewhere = findIn(own);
  return {
    blocked: '',
    elsewhere,
    path,
    by: elsewhere === '' ? { says: '', undo: '' } : onItsPath(options, path, elsewhere),
  };
}

/** The line that sets PATH, and one that adds the folder of ssh; a file with variables has the last word. */
function onItsPath(options: readonly UnitOption[], path: string, program: string): Blame {
  const setters = options.filter(
    ({ name, value }) =>
      name === 'EnvironmentFile' || (name === 'Environment' && /(^|["'\s])PATH=/.test(value)),
  );
  const says = setters.map(({ name, value, where }) => `${name}=${value} (${where})`).join(' and ');
  const folders = [path, join(program, '..')].filter((folder) => folder !== '').join(':');
  const hasFile = setters.some(({ name }) => name === 'EnvironmentFile');
  return { says, undo: `${hasFile ? 'EnvironmentFile= ' : ''}Environment=PATH=${folders}` };
}

function findIn(path: string): string {
  const files = path
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, 'ssh'));
  return files.find(isProgram) ?? '';
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
