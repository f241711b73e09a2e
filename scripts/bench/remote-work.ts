import type { Report } from '../../src/generated/types.ts';
import type { Fleet } from '../../test/fleet/index.ts';

/** What checking one healthy builder costs. */
export interface Work {
  /** Sessions that the builder opened: a command each, or a shell that takes several. */
  sessions: number;
  /** Every command that the builder ran, in order. */
  remote: string[];
  /** Connections that logged in. */
  logins: number;
  /** Connections to its port, those that only look included. */
  connections: number;
  /** Bytes that the client and the builder sent each other. */
  bytes: number;
  /** Programs that the client started, by name. */
  local: Record<string, number>;
  report: Report;
}

const folder = '/root/commands';

/** sshd hands every command to this, which notes it and what it is told, and runs it as the user's shell would. */
const recorder = `#!/bin/bash
file=$(mktemp ${folder}/XXXXXXXX)
printf '%s\\n%s' "$SSH_CONNECTION" "$SSH_ORIGINAL_COMMAND" > "$file"
tee "$file.in" | /bin/sh -c "$SSH_ORIGINAL_COMMAND"
`;

/** Has one builder checked that notes what is asked of it. */
export async function recordWork(fleet: Fleet, name: string, args: readonly string[]): Promise<Work> {
  const builder = await fleet.builder({
    name,
    nix: '2.34',
    sshd: { ForceCommand: '/root/recorder', LogLevel: 'VERBOSE' },
  });
  builder.host.write('/root/recorder', recorder);
  await builder.host.sh(`mkdir -p ${folder}; chmod 755 /root/recorder`);
  const client = await fleet.client({ name: `${name}-client` });
  client.machines(builder.line());
  // Every system call that starts a program, or carries bytes of a connection.
  const { exitCode, stderr } = await client.host.run([
    ...['strace', '-f', '-qq', '-y', '-e', 'trace=execve', '-e', 'signal=none', '-o', '/tmp/strace'],
    ...client.doctorWords(['check', ...args, '-f', 'json=/tmp/report.json']),
  ]);
  if (exitCode !== 0) throw new Error(`the recording builder is not healthy: ${stderr}`);
  const { stdout } = await builder.host.sh(
    `cd ${folder}; for f in $(ls -tr | grep -v '\\.in$'); do base64 -w0 < $f; echo; base64 -w0 < $f.in; echo; done`,
  );
  const notes = stdout.split('\n').map((line) => Buffer.from(line, 'base64').toString('utf8'));
  const sessions = notes.flatMap((note, index) => {
    if (index % 2 === 1 || note === '') return [];
    const [connection = '', ...command] = note.split('\n');
    return [{ connection, command: command.join('\n'), input: notes[index + 1] ?? '' }];
  });
  return {
    sessions: sessions.length,
    remote: sessions.flatMap(({ command, input }) => {
      const typed = typedInto(input);
      return typed.length === 0 ? [command] : typed;
    }),
    logins: new Set(sessions.map(({ connection }) => connection)).size,
    local: programs(client.host.read('/tmp/strace')),
    report: JSON.parse(client.host.read('/tmp/report.json')) as Report,
    ...(await wire(fleet, name, args)),
  };
}

/** The commands that the doctor types into a shell that it keeps. */
function typedInto(input: string): string[] {
  // Of the group as a whole: what begins and what ends it.
  const begins = /^.*echo (mark-\w+); echo \1 >&2\n/gm;
  const ends = /^\}(\nprintf '\\nmark-|\); printf ).*\n/gm;
  const commands = input
    .replace(/^echo mark-\w+ \$\$ >&2\n/, '')
    .replaceAll(begins, '')
    .replaceAll(ends, '');
  const typed = Array.from(
    commands.matchAll(/([^]*?); echo "(mark-\w+) \$\?"; echo \2 >&2\n/g),
    ([, command = '']) => command,
  );
  if (typed.length === 0 && input.includes('mark-'))
    throw new Error(`what is typed into a shell has another form now: ${input.slice(0, 200)}`);
  return typed;
}

function programs(trace: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [, path = ''] of trace.matchAll(/execve\("([^"]+)", .*\) = 0$/gm)) {
    const name = path.split('/').at(-1) ?? path;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The same once more, through a port that only counts: bytes and connections. */
async function wire(
  fleet: Fleet,
  name: string,
  args: readonly string[],
): Promise<{ bytes: number; connections: number }> {
  const builder = await fleet.builder({ name: `${name}-wire`, nix: '2.34' });
  const client = await fleet.client({ name: `${name}-wire-client` });
  const { createServer, connect } = await import('node:net');
  let bytes = 0;
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const onward = connect(builder.host.port, builder.host.address);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('data', (chunk) => (bytes += chunk.length)).on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  client.host.write(
    '/root/.ssh/config',
    `Host ${builder.name}\n  HostName 127.0.0.1\n  Port ${port}\n  HostKeyAlias ${builder.name}\n`,
  );
  client.machines(builder.line());
  const { exitCode, stderr } = await client.doctor(['check', ...args]);
  server.close();
  if (exitCode !== 0) throw new Error(`the counting port spoils the check: ${stderr}`);
  return { bytes, connections };
}
