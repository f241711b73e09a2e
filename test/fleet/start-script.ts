import { resolve } from 'node:path';

/** Where a host sees this program's Node and the project. */
export const inside = { node: '/run/node', project: '/run/project' } as const;

/** The project, seen from outside. */
export const project = resolve(import.meta.dirname, '../..');

/** What the environment of a host's first process holds. */
export const initEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  USER: 'root',
} as const;

/** Lines that begin the script of a host's first process. What it prints goes to start.log in the folder. */
export function beginScript(name: string, folder: string): string[] {
  return [
    'set -eu',
    `exec >${folder}/start.log 2>&1 </dev/null`,
    'cd /',
    // /proc is still the outside's here, and tells our number there.
    `read -r pid _ < /proc/self/stat; echo $pid > ${folder}/init.pid`,
    `echo ${name} > /proc/sys/kernel/hostname`,
  ];
}

/**
 * The program that runs a script as the first process of new namespaces. When this process dies, so does the host with
 * all that runs in it: nothing is left behind. `more`: namespaces besides mounts, host name and processes.
 */
export function inNamespaces(script: string, more: readonly string[] = []): string[] {
  const unshare = ['unshare', '--kill-child=KILL', '-m', '-u', '-p', ...more, '-f'];
  return ['setpriv', '--pdeathsig', 'KILL', ...unshare, 'bash', script];
}
