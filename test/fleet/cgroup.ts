import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The program that runs a script as the first process of new namespaces, in a control group of its own, as an init
 * needs it. The group goes when that process ends or the fleet's own process dies.
 */
export function inOwnCgroup(
  folder: string,
  group: string,
  script: string,
  dropped: readonly string[],
): string[] {
  const own = `/sys/fs/cgroup/${group}`;
  const outer = join(folder, 'cgroup.sh');
  const drop = `--bounding-set ${dropped.map((capability) => `-${capability}`).join(',')}`;
  const lines = [
    // A mount in this process's own namespace; a folder of the fleet's would go under it when another fleet sweeps.
    `mount -t cgroup2 cgroup2 /sys/fs/cgroup && mkdir -p ${own} || exit 1`,
    'remove() {',
    `  echo 1 > ${own}/cgroup.kill`,
    `  while [ -d ${own} ]; do find ${own} -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.02; done`,
    '}',
    // The signal may come twice: each thread of a dying process may send it.
    `trap "trap '' TERM; exit 1" TERM`,
    'trap "trap \'\' TERM; remove" EXIT',
    `(echo $BASHPID > ${own}/cgroup.procs; exec setpriv --pdeathsig KILL ${drop} unshare --kill-child=KILL -m -u -p -i -C -f bash ${script}) &`,
    'wait $!',
  ];
  writeFileSync(outer, `${lines.join('\n')}\n`);
  return ['setpriv', '--pdeathsig', 'TERM', 'unshare', '-m', 'bash', outer];
}
