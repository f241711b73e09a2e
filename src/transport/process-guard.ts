import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ PGID` and `- PGID` and, when its input ends, ends the process groups that are left. Our end of the pipe
 * closes whatever we die of, SIGKILL included.
 */
const script = `
groups=' '
while read -r sign group; do
  case $sign in
    +) groups="$groups$group " ;;
    -) groups="\${groups%% $group *} \${groups#* $group }" ;;
  esac
done
for group in $groups; do kill -TERM "-$group" 2>/dev/null; done
[ "$groups" = ' ' ] || sleep 1
for group in $groups; do kill -KILL "-$group" 2>/dev/null; done
`;

let guard: ChildProcess | undefined;

/** Sees to it that the process group of a child ends with this process. Returns what to call when it has ended. */
export function guardGroup(pid: number | undefined): () => void {
  if (pid === undefined) return () => undefined;
  guard ??= startGuard();
  const { stdin } = guard;
  stdin?.write(`+ ${pid}\n`);
  return () => void stdin?.write(`- ${pid}\n`);
}

function startGuard(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  });
  // Without a shell there is no guard; everything else goes on.
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  (child.stdin as unknown as { unref?: () => void }).unref?.();
  return child;
}
