import { type CommandResult, NoShell, type Transport, TransportError } from '../transport/transport.ts';
import { shellCommand } from '../connection/by-hand.ts';
import { answersAsNix } from '../connection/login-shell.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { CannotObserve } from '../support/cannot-observe.ts';
import { nixPath } from '../nix/program-path.ts';
import { quote } from '../support/shell-quote.ts';

/** What can be done on the builder besides Nix's program, and what was said where nothing can. */
interface Seen {
  works: boolean;
  words: string;
  /** How `ls` lists /dev/null, or `missing`; empty where it was not seen. */
  devNull: string;
  /** What is wrong with it: `login`, the login sees it and builds may not; `builds`, builds there see it too. */
  devNullBroken: '' | 'login' | 'builds';
  /** The login may write files of some size (`ulimit -f`). */
  writesFiles: boolean;
  /** A start-up file sends standard error to standard output. */
  oneStream: boolean;
  /** And Nix's program there writes the logs of builds to standard error, so they end up in its protocol. */
  garbles: boolean;
}

/**
 * Where a daemon makes the builds, they see its /dev/null, which may be another than the login's: it may have mounts of
 * its own. Root opens the store itself, and builds run as the build users where there are any.
 */
const script = `echo answer-$((6 * 7)); ulimit -f
null=missing; [ ! -e /dev/null ] || null=$(ls -lLd /dev/null)
echo "$null"
case $null in c??????rw*) ;; *)
  by=login users=
  [ "$(id -u)" != 0 ] || {
    by=root
    users=$(nix --extra-experimental-features nix-command show-config | sed -n 's/^build-users-group = //p')
  }
  if [ -S /nix/var/nix/daemon-socket/socket ]; then case $by-\${NIX_REMOTE:-} in login-* | root-daemon | root-unix:*) by=daemon ;; esac; fi
  if [ $by = daemon ]; then echo login
  elif [ -n "$users" ]; then case $null in ???????rw*) echo login ;; *) echo builds ;; esac
  elif [ -r /dev/null ] && [ -w /dev/null ]; then echo login
  else echo builds; fi ;;
esac`;
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
  reproduce: (_parameters, context) => shellCommand(sshOf(context).ssh, script),
  observe: async (_parameters, context) => {
    const transport = await sshOf(context).ssh.transport(context.signal);
    try {
      const { builder, ssh } = sshOf(context);
      const inPath = `PATH=$PATH:${quote(nixPath(builder))}`;
      const ran = await transport.run(`${inPath}; ${script}`, { ...context, quick: true });
      const seen = seenIn(ran);
      if (seen.devNullBroken !== '') ssh.spareDevNull();
      const oneStream = ran.oneStream === true;
      const garbles = oneStream && ssh.protocol === 'serve';
      return { value: { ...seen, oneStream, garbles } };
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      return { value: { ...(await withoutShell(error, transport, context)) } };
    }
  },
};

const nothing = {
  ...{ works: false, said: '', devNull: '', devNullBroken: '' as const },
  ...{ writesFiles: false, oneStream: false, garbles: false },
};

/** Blocks of 512 bytes, of which the suite's builds on the builder write some. */
const enoughBlocks = 65_536;

function seenIn({ stdout, stderr, timedOut }: CommandResult): Seen {
  const [answer, limit = '', devNull = '', broken = ''] = stdout.trim().split('\n');
  if (answer === 'answer-42') {
    const devNullBroken = broken === 'login' || broken === 'builds' ? broken : '';
    const writesFiles = !(Number(limit) < enoughBlocks);
    return { ...nothing, works: true, words: answer, devNull, devNullBroken, writesFiles };
  }
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
  if (phase === 'channel') return { ...nothing, words: error.message };
  if (phase !== 'shell' && phase !== 'lost') throw error;
  const { protocol, slowMs } = sshOf(context).ssh;
  const asked = { transport, timeoutMs: withinMs + slowMs, signal: context.signal };
  if (await answersAsNix(protocol, asked).catch(() => false))
    return { ...nothing, words: "Nix's program answered" };
  if (!(error instanceof NoShell)) throw error;
  const { exitCode, signal, stdout, stderr } = error.answer;
  const said = `${stdout}${stderr}`.trim().slice(0, 400);
  if (signal !== null || exitCode === 126 || exitCode === 127 || cannotStart.test(said))
    throw new CannotObserve('sh-not-started', said || `it ended with ${signal ?? exitCode ?? 'no status'}`);
  if (said === '' && (exitCode ?? 0) === 0)
    throw new CannotObserve('sh-not-started', 'it ended at once and said nothing');
  return { ...nothing, words: said };
}
