import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Transport, TransportError } from '../transport/transport.ts';
import { greetingOf, magicOffset, type Protocol } from '../nix/protocol/greeting.ts';

interface Asked {
  transport: Transport;
  timeoutMs: number;
  signal: AbortSignal;
}

/** What came back, on either stream. */
interface Said {
  stdout: Buffer;
  stderr: Buffer;
}

/** A piece of input that stays open until `until` resolves: some programs drop their answer when their input ends. */
async function* keptOpen(
  piece: string | Uint8Array,
  until: Promise<unknown>,
): AsyncGenerator<string | Uint8Array> {
  yield piece;
  await until;
}

interface Question {
  /** Plain words for the login shell. */
  words: readonly string[];
  input: string | Uint8Array;
  /** The input ends then, or sooner. */
  inputEndsAfterMs: number;
  /** Whether this is all that was asked for. */
  enough: (said: Said) => boolean;
}

/** Hands the login shell words and an input, until `enough` says so, it ends, or the time is up. */
async function ask({ transport, timeoutMs, signal }: Asked, question: Question): Promise<Said> {
  const said: Said = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
  const done = new AbortController();
  const inputEnds = sleep(question.inputEndsAfterMs, undefined, { signal: done.signal, ref: false }).catch(
    () => undefined,
  );
  try {
    await transport.run(question.words, {
      ...{ timeoutMs, bare: true, stdin: keptOpen(question.input, inputEnds) },
      signal: AbortSignal.any([signal, done.signal]),
      onOutput: (stream, chunk) => {
        said[stream] = Buffer.concat([said[stream], chunk]).subarray(0, 64 * 1024);
        if (question.enough(said)) done.abort();
      },
    });
  } catch (error) {
    // A server need not tell how a command ended.
    if (!(error instanceof TransportError && error.phase === 'lost')) throw error;
  } finally {
    done.abort();
  }
  return said;
}

/**
 * Whether Nix's program answers although `sh` was asked for: then the key or the account is tied to it
 * (`command=`, `ForceCommand`), beyond doubt.
 */
export async function answersAsNix(protocol: Protocol, asked: Asked): Promise<boolean> {
  const enough = ({ stdout }: Said): boolean => magicOffset(stdout, protocol) >= 0;
  const input = greetingOf[protocol];
  return enough(await ask(asked, { words: ['sh'], input, inputEndsAfterMs: asked.timeoutMs, enough }));
}

/**
 * What becomes of a line that sshd hands to the login shell. `runs`: the shell runs it, with all of its input. `eats`:
 * it runs it, but a start-up file has read some of the input. `reads`: what runs there takes its commands from standard
 * input, so a start-up file has replaced the shell by another program (`exec tcsh`). `silent`: nothing is said, as where
 * a start-up file waits. `ends`: it says nothing and ends. `mute`, `deaf`: it runs lines, but a start-up file has put
 * something else in place of its standard output or input. `unseen`: it was not asked, or says something else.
 */
export type LoginShell = 'runs' | 'eats' | 'reads' | 'silent' | 'ends' | 'mute' | 'deaf' | 'unseen';

/** Some read all of their input before they do anything (fish). */
const inputEndsAfterMs = 1_500;

/** Asks the login shell for `cat`, with two lines on standard input that shells would run. */
export async function lookAtLoginShell(asked: Asked): Promise<LoginShell> {
  const [first, second] = [randomBytes(6), randomBytes(6)].map((bytes) => `line-${bytes.toString('hex')}`);
  const started = performance.now();
  const { stdout, stderr } = await ask(asked, {
    words: ['cat'],
    input: `echo ${first}\necho ${second}\n`,
    inputEndsAfterMs,
    enough: (said) => said.stdout.includes(`${second}\n`),
  });
  if (stdout.includes(`echo ${first}`)) return 'runs';
  if (stdout.includes(`echo ${second}`)) return 'eats';
  if ([stdout, stderr].some((said) => said.includes(`${first}`) || said.includes(`${second}`)))
    return 'reads';
  if (stdout.length + stderr.length > 0) return 'unseen';
  if (performance.now() - started >= asked.timeoutMs) return 'silent';
  return (await isCutOff(asked)) ?? 'ends';
}

/** Asks for a list of a folder that is there and of one that is not: answers on both streams, which need no input. */
async function isCutOff(asked: Asked): Promise<'mute' | 'deaf' | null> {
  const missing = `/missing-${randomBytes(6).toString('hex')}`;
  const { stdout, stderr } = await ask(asked, {
    words: ['ls', '/', missing],
    input: '',
    inputEndsAfterMs: 0,
    enough: (said) => said.stdout.length > 0 && said.stderr.includes(missing),
  });
  if (!stderr.includes(missing)) return null;
  return stdout.length > 0 ? 'deaf' : 'mute';
}

/** A probe that ran into its timeout has five seconds left. */
const withinMs = 3_500;

/** The same over a builder's connection for the suite's commands. Never throws. */
export async function loginShell(
  ssh: { transport(signal: AbortSignal): Promise<Transport> },
  signal: AbortSignal,
): Promise<LoginShell> {
  try {
    const transport = await ssh.transport(signal);
    return await lookAtLoginShell({ transport, timeoutMs: withinMs, signal });
  } catch {
    return 'unseen';
  }
}
