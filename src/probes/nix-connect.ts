import { nixProgramCommand } from '../connection/by-hand.ts';
import { entryWith } from '../machines/entry-with.ts';
import { inspectBuilder, unseen } from '../connection/builder-state.ts';
import { asSshReads, isPipe, type KeyState, firstKeyOfRoot, lookAtKey } from '../ssh/key-file.ts';
import { loginFacts } from '../connection/login-evidence.ts';
import { loginShell } from '../connection/login-shell.ts';
import { slowestStage } from '../ssh/login-stages.ts';
import { nixConfError } from '../nix/conf-error.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { greetingOf, magicOffset, type Protocol } from '../nix/protocol/greeting.ts';
import { certificateCommand, certificateFlaw } from '../ssh/user-certificate.ts';

/**
 * The decisive look at the connection: a login as Nix makes it, and what Nix's program there answers. Where all is well
 * the login stays open for Nix itself (`controlPath`), so that a builder is not logged in to twice for one look.
 */
export const nixConnect: Probe = {
  name: 'nix-connect',
  parameters: [],
  required: [],
  reproduce: (_parameters, context) => nixProgramCommand(sshOf(context).ssh),
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const { protocol } = ssh;
    const { sshKey } = builder;
    // ssh would wait for it until the time is up.
    if (sshKey !== '' && isPipe(asSshReads(sshKey), ssh.place.root))
      return { value: { started: false, ...(await lookAtTheKey(context)) } };
    const other: Protocol = protocol === 'worker' ? 'serve' : 'worker';
    const login = await ssh.login(context);
    const { started, output: said, greeting, seen, shared } = login;
    const asked = await ssh.config(context.signal);
    const facts = loginFacts(login, asked.ok ? asked.config : null, ssh.place.root);
    const key = started ? unneeded : await lookAtTheKey(context);
    const offset = magicOffset(said, protocol);
    const noise = (offset < 0 ? said : said.subarray(0, offset)).toString('utf8');
    const nixConf = nixConfError(seen.stderr);
    // Words that say what is wrong need no second look.
    const isExplained = nixConf.kind !== 'none' || noise !== '';
    const isNotFound = seen.exitCode === 127 && !seen.timedOut;
    const hungForSeconds = seen.timedOut ? Math.ceil(seen.durationMs / 1000) : 0;
    const isRefused = facts.sessionRefused || facts.sessionClosed;
    const isUnknown = started && greeting === null && !isExplained && !isRefused;
    const forced =
      started && greeting === null
        ? await certificateCommand(facts.accepted, context.clientTransport, context.signal)
        : { certificate: '', certificateCommand: '' };
    const refused =
      !started && facts.certificateOffered
        ? await certificateFlaw(
            facts.offered,
            asked.ok ? asked.config.user : '',
            context.clientTransport,
            context.signal,
          )
        : { certificateFlaw: '' };
    const [state, shellSeen] = await Promise.all([
      isUnknown ? inspectBuilder(ssh, hungForSeconds, context.signal) : unseen,
      isUnknown && !isNotFound ? loginShell(ssh, context.signal) : 'unseen',
    ]);
    return {
      ...(shared === null ? { exitCode: seen.exitCode, signal: seen.signal } : {}),
      stderr: seen.stderr,
      timedOut: seen.timedOut,
      durationMs: seen.durationMs,
      value: {
        scheme: builder.scheme,
        program: ssh.remoteProgram.join(' '),
        started,
        ...key,
        cutOff: key.keyState === 'cut-off',
        rootKey: started ? '' : firstKeyOfRoot(ssh.place.root),
        entryPrivateHalf: key.privateHalf === '' ? '' : entryWith(builder, { 2: key.privateHalf }),
        entryMeant: key.meant === '' ? '' : entryWith(builder, { 2: key.meant }),
        answered: greeting !== null,
        // The program spoke, but not to the end.
        began: offset >= 0,
        answeredOther: magicOffset(said, other) >= 0,
        entryAsOwner:
          state.ownedBy === ''
            ? ''
            : entryWith(builder, { 0: asUser(builder.fields[0]?.text ?? '', state.ownedBy) }),
        entryOtherScheme: entryWith(builder, { 0: inOtherScheme(builder.fields[0]?.text ?? '') }),
        noise: noise.slice(0, 400),
        noiseBytes: Buffer.byteLength(noise),
        protocolVersion: greeting?.protocolVersion ?? '',
        nixVersion: greeting?.nixVersion ?? '',
        trusted: greeting?.trusted ?? 'unknown',
        daemonError: greeting?.error ?? '',
        ...forced,
        ...refused,
        nixConf: { ...nixConf },
        // What runs there gives back what it is sent, as `cat` does.
        echoes: said.includes(greetingOf[protocol]),
        loginShell: shellSeen,
        state: { ...state, bigLock: { ...state.bigLock }, database: { ...state.database } },
        ssh: {
          ...facts,
          option: { ...facts.option },
          culprit: { ...facts.culprit },
          proxy: { ...facts.proxy },
          variable: { ...facts.variable },
          hookReply: protocol === 'worker' ? facts.hookReply : '',
        },
        slow: slowestStage(login.stages),
        controlPath: shared?.path ?? '',
      },
    };
  },
};

/** The URI as the entry has it, which may name no scheme: then it is `ssh://`. */
function inOtherScheme(uri: string): string {
  const [, scheme, rest = uri] = /^(ssh|ssh-ng):\/\/(.*)$/.exec(uri) ?? [];
  return scheme === 'ssh-ng' ? `ssh://${rest}` : `ssh-ng://${rest}`;
}

/** The URI as the entry has it, with another user. */
function asUser(uri: string, user: string): string {
  return uri.replace(/^([a-z-]+:\/\/)?([^@/?]*@)?/, (_all, scheme = '') => `${scheme}${user}@`);
}

const unneeded: KeyState = { keyFile: '', keyState: 'ok', publicKey: '', privateHalf: '', meant: '' };

async function lookAtTheKey(context: ProbeContext): Promise<KeyState> {
  const { builder, ssh } = sshOf(context);
  const asked = await ssh.config(context.signal);
  const files = asked.ok ? asked.config.identityFiles : [];
  const { clientTransport: client, signal } = context;
  return lookAtKey(builder.sshKey, files, { client, root: ssh.place.root, signal });
}
