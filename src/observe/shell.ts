import { type CommandResult, NoShell, type Transport, TransportError } from '../transport/transport.ts';
import { answersAsNix } from './login-shell.ts';
import { CannotObserve, type Probe, type ProbeContext, sshOf } from './probe.ts';

/** What can be done on the builder besides Nix's program, and what was said where nothing can. */
interface Seen {
  works: boolean;
  said: string;
  /** How `ls` lists /dev/null; empty where it was not seen. */
  devNull: string;
}

const script = 'echo answer-$((6 * 7)); ls -lLd /dev/null';
/** For the second question, where the first had no answer. */
const withinMs = 4_000;

/** How shells and the system say that a program cannot be started. Somebody's own refusal says anything else. */
const cannotStart =
  /not found|unknown command|no such file|cannot (find|execute|run|allocate|fork)|fork:|resource temporarily|exec format|permission denied|not executable|is not recognized|syntax error|exception:/i;

/**
 * Whether commands can be run on the builder. An account that is tied to Nix's program alone (`command=`,
 * `ForceCommand`, nixbuild.net) is a good builder, but shows nothing of itself. A login shell that runs Nix's program and
 * not `sh` is another matter: there nothing was measured. Throws {@link CannotObserve} for it, and for no answer.
 */
export const shell: Probe = {
  name: 'shell',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const transport = await sshOf(context).ssh.transport(context.signal);
    try {
      return { value: { ...seenIn(await transport.run(script, { ...context, quick: true })) } };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return { value: { ...(await withoutShell(error, transport, context)) } };
    }
  },
};

function seenIn({ stdout, stderr, timedOut }: CommandResult): Seen {
  const [answer, devNull = ''] = stdout.trim().split('\n');
  if (answer === 'answer-42') return { works: true, said: answer, devNull };
  const said = `${stdout}${stderr}`.trim().slice(0, 400);
  if (timedOut) throw new CannotObserve('sh-hangs', said === '' ? 'it said nothing' : said);
  throw new CannotObserve('sh-answers-otherwise', said === '' ? 'it said nothing' : said);
}

/** Tells an account that is tied to Nix's program, or refuses all else in words of its own, from a shell that is broken. */
async function withoutShell(
  error: TransportError,
  transport: Transport,
  context: ProbeContext,
): Promise<Seen> {
  const { phase } = error;
  // The server itself starts nothing else.
  if (phase === 'channel') return { works: false, said: error.message, devNull: '' };
  if (phase !== 'shell' && phase !== 'lost') throw error;
  const { protocol, slowMs } = sshOf(context).ssh;
  const asked = { transport, timeoutMs: withinMs + slowMs, signal: context.signal };
  if (await answersAsNix(protocol, asked).catch(() => false))
    return { works: false, said: "Nix's program answered", devNull: '' };
  if (!(error instanceof NoShell)) throw error;
  const { exitCode, signal, stdout, stderr } = error.answer;
  const said = `${stdout}${stderr}`.trim().slice(0, 400);
  if (signal !== null || exitCode === 126 || exitCode === 127 || cannotStart.test(said))
    throw new CannotObserve('sh-not-started', said || `it ended with ${signal ?? exitCode ?? 'no status'}`);
  if (said === '' && (exitCode ?? 0) === 0)
    throw new CannotObserve('sh-not-started', 'it ended at once and said nothing');
  return { works: false, said, devNull: '' };
}
