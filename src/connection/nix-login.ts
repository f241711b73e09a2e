import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Capped } from '../transport/capped-output.ts';
import { converse } from '../transport/conversation.ts';
import { goesToBackground } from '../ssh/effective-config.ts';
import type { LoginLimits, LoginUnderWay, NixLogin } from './login.ts';
import { learnsNoHostKeys } from '../ssh/nix-ssh-words.ts';
import { plainWords, readSshLog } from '../ssh/debug-log.ts';
import { explainsHang } from './explain-hang.ts';
import { type StageTimes, watchStages } from '../ssh/login-stages.ts';
import type { SshAccess } from './ssh-access.ts';
import { findGreeting, greetingOf } from '../nix/protocol/greeting.ts';

/** Printed by ssh itself (`LocalCommand`) once it has logged in, before the remote program speaks. */
const startedMark = Buffer.from('started\n');

/**
 * Connects exactly as Nix does (the same `ssh`, the same words, the daemon's environment, the program that this scheme
 * starts on the builder) and greets that program in Nix's own protocol. Where all is well the login goes on.
 */
export function logIn(ssh: LoginTo, limits: LoginLimits): LoginUnderWay {
  let started = false;
  return {
    get started() {
      return started;
    },
    done: greet(ssh, limits, () => (started = true)),
  };
}

type LoginTo = Pick<
  SshAccess,
  | 'nixWords'
  | 'remoteProgram'
  | 'protocol'
  | 'sharing'
  | 'env'
  | 'place'
  | 'keep'
  | 'folder'
  | 'withSeparateConnection'
  | 'config'
>;

let count = 0;

/**
 * ssh's debug words, which change nothing but what it says; in a file, because the builder and a jump host write to
 * standard error. They come last, so that no `-q` of NIX_SSHOPTS takes them back.
 */
function loggedTo(file: string, words: readonly string[]): string[] {
  const end = words.lastIndexOf('--');
  return [...words.slice(0, end), '-v', '-E', file, ...words.slice(end)];
}

async function greet(ssh: LoginTo, limits: LoginLimits, begin: () => void): Promise<NixLogin> {
  const { protocol } = ssh;
  const nixWords = await ssh.nixWords();
  const words = [...nixWords, ...ssh.remoteProgram];
  const shared = await ssh.sharing(limits.signal);
  const asked = await ssh.config(limits.signal);
  // Nix keeps the pipes of an ssh that leaves it; here the end of ssh has to be seen.
  const attached = asked.ok && goesToBackground(asked.config) ? ['-oForkAfterAuthentication=no'] : [];
  count += 1;
  const log = join(ssh.folder, `ssh-${count}.log`);
  let stages: StageTimes | undefined;
  const others = new Capped(16 * 1024);
  const watch = watchStages({
    log,
    explains: (evidence, signal) =>
      explainsHang(ssh, { ...evidence, words: `${evidence.words}\n${plainWords(others.text())}` }, signal),
    signal: limits.signal,
  });
  const conversation = await converse(
    [
      ...[...ssh.place.enter, 'ssh', learnsNoHostKeys, ...attached, ...(shared?.words ?? [])],
      ...[...loggedTo(log, nixWords), ...ssh.remoteProgram],
    ],
    {
      env: ssh.env,
      onStderr: (chunk) => others.add(chunk),
      send: greetingOf[protocol],
      complete: (bytes) => {
        if (hasStarted(bytes)) begin();
        return findGreeting(bytes, protocol) !== null;
      },
      ...(shared === null
        ? {}
        : {
            keep: async (bytes) => {
              stages ??= watch.stop();
              return findGreeting(bytes, protocol)?.error === '' && (await shared.hold());
            },
          }),
      stalled: watch.stalled,
      ...limits,
    },
  ).finally(() => (stages ??= watch.stop()));
  const evidence = readSshLog(await readFile(log, 'utf8').catch(() => ''));
  if (conversation.release === undefined) await rm(log, { force: true });
  const shown = [evidence.words, plainWords(conversation.stderr)].filter((text) => text.trim() !== '');
  const seen = { ...conversation, stderr: shown.join('\n') };
  if (shared !== null && seen.release !== undefined) ssh.keep(shared, seen.release);
  const started = hasStarted(seen.stdout);
  const said = started ? seen.stdout.subarray(startedMark.length) : seen.stdout;
  return {
    ...{ words, started, output: said, seen, evidence, stages: stages ?? {}, others: conversation.stderr },
    greeting: findGreeting(said, protocol),
    shared: seen.release === undefined ? null : shared,
  };
}

function hasStarted(stdout: Buffer): boolean {
  return stdout.subarray(0, startedMark.length).equals(startedMark);
}

/** Whether Nix's program answered as it should: then all on the way there is right too. */
export function wentWell({ started, greeting }: NixLogin): boolean {
  return started && greeting?.error === '';
}

/** Whether ssh was content with the host key: it asks to be let in only after that. */
export function acceptedHostKey({ started, seen }: NixLogin): boolean {
  return started || /^\S+: Permission denied \(/m.test(seen.stderr);
}

/** After this nobody waits for a login to learn from it; it goes on all the same. */
const waitForLoginMs = 2_000;

/**
 * Whether a login that is made ahead of the look at it shows what would cost a connection of its own: one that is done
 * by `shows`, one that goes on by having got so far. Never where the run makes no login that tells something, it is not
 * this builder's turn, or the login takes long.
 */
export async function provenByLogin(
  ssh: SshAccess,
  signal: AbortSignal,
  shows: (login: NixLogin) => boolean,
): Promise<boolean> {
  const login = (await ssh.loginVerifiesHostKey(signal)) ? ssh.startLoginEarly() : null;
  if (login === null) return false;
  const late = sleep(waitForLoginMs, 'late' as const, { ref: false });
  const seen = await Promise.race([login.done.catch(() => null), late]);
  if (seen !== 'late') return seen !== null && shows(seen);
  ssh.loginSlot.releaseAsSlow();
  return login.started;
}
