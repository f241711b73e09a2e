import { converse } from '../transport/converse.ts';
import { entryWith } from './entry-with.ts';
import { type KeyState, lookAtKey } from './key-state.ts';
import { type Probe, type ProbeContext, sshOf } from './probe.ts';
import { greetingOf, magicOffset, type Protocol, readGreeting } from './wire/greeting.ts';

/** Printed by ssh itself (`LocalCommand`) once it has logged in, before the remote program speaks. */
const startedMark = Buffer.from('started\n');

/**
 * Connects exactly as Nix does: the same `ssh`, the same words, the daemon's environment, the program that this
 * scheme starts on the builder; then greets it in Nix's own protocol. The decisive look at the connection. Where all is
 * well the login stays open for Nix itself (`controlPath`), so that a builder is not logged in to twice for one look.
 */
export const nixConnect: Probe = {
  name: 'nix-connect',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { builder, ssh } = sshOf(context);
    const protocol: Protocol = builder.scheme === 'ssh-ng' ? 'worker' : 'serve';
    const other: Protocol = protocol === 'worker' ? 'serve' : 'worker';
    const words = [...(await ssh.nixWords()), ...ssh.remoteProgram];
    const shared = await ssh.sharing(context.signal);
    const seen = await converse(['ssh', ...(shared?.words ?? []), ...words], {
      env: ssh.env,
      send: greetingOf[protocol],
      complete: (bytes) => greetingIn(bytes, protocol) !== null,
      ...(shared === null
        ? {}
        : {
            keep: async (bytes) => greetingIn(bytes, protocol)?.error === '' && (await shared.hold()),
          }),
      timeoutMs: context.timeoutMs,
      signal: context.signal,
    });
    const { release } = seen;
    if (shared !== null && release !== undefined) ssh.keep(shared, release);
    const started = seen.stdout.subarray(0, startedMark.length).equals(startedMark);
    const said = started ? seen.stdout.subarray(startedMark.length) : seen.stdout;
    const offset = magicOffset(said, protocol);
    const greeting = greetingIn(said, protocol);
    const noise = (offset < 0 ? said : said.subarray(0, offset)).toString('utf8');
    return {
      ...(release === undefined ? { exitCode: seen.exitCode, signal: seen.signal } : {}),
      stderr: seen.stderr,
      timedOut: seen.timedOut,
      durationMs: seen.durationMs,
      value: {
        command: ['ssh', ...words].join(' '),
        scheme: builder.scheme,
        program: ssh.remoteProgram.join(' '),
        started,
        ...(started ? unneeded : await lookAtTheKey(context)),
        answered: greeting !== null,
        // The program spoke, but not to the end.
        began: offset >= 0,
        answeredOther: magicOffset(said, other) >= 0,
        entryOtherScheme: entryWith(builder, { 0: inOtherScheme(builder.fields[0]?.text ?? '') }),
        noise: noise.slice(0, 400),
        noiseBytes: Buffer.byteLength(noise),
        protocolVersion: greeting?.protocolVersion ?? '',
        nixVersion: greeting?.nixVersion ?? '',
        trusted: greeting?.trusted ?? 'unknown',
        daemonError: greeting?.error ?? '',
        controlPath: release === undefined ? '' : (shared?.path ?? ''),
      },
    };
  },
};

/** The URI as the entry has it, which may name no scheme: then it is `ssh://`. */
function inOtherScheme(uri: string): string {
  const [, scheme, rest = uri] = /^(ssh|ssh-ng):\/\/(.*)$/.exec(uri) ?? [];
  return scheme === 'ssh-ng' ? `ssh://${rest}` : `ssh-ng://${rest}`;
}

const unneeded: KeyState = { keyFile: '', keyState: 'ok', publicKey: '' };

async function lookAtTheKey(context: ProbeContext): Promise<KeyState> {
  const { builder, ssh } = sshOf(context);
  const asked = await ssh.config(context.signal);
  const files = asked.ok ? asked.config.identityFiles : [];
  return lookAtKey(builder.sshKey, files, context.clientTransport, context.signal);
}

function greetingIn(bytes: Buffer, protocol: Protocol): ReturnType<typeof readGreeting> {
  const offset = magicOffset(bytes, protocol);
  return offset < 0 ? null : readGreeting(bytes, offset, protocol);
}
