import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { connectSsh2 } from '../../src/connection/ssh2.ts';
import { batchingTransport } from '../../src/transport/command-batch.ts';
import type { RunOptions, Transport } from '../../src/transport/transport.ts';
import { loginShells } from '../fleet/login-shells.ts';
import { fails, never, processesWith, soon, startSshd } from '../connection/sshd.ts';

t.before(() => t.setTimeout(240_000));

const options: RunOptions = { timeoutMs: 20_000, signal: never };
const quick = { ...options, quick: true };
/** What one or another shell takes for more than a character. */
const hostile = [
  '',
  "it's",
  '"$HOME"',
  '!!',
  '\\',
  "\\'",
  '`id`',
  'line\nfeed',
  '{a,b}',
  '*',
  '#',
  '^x',
  '%',
  'é',
];

/** Commands through a server that hands each line to this program, as sshd hands it to the login shell: with `-c`. */
async function through(t: Test, shell: string): Promise<Transport> {
  const sshd = await startSshd(t, [`ForceCommand ${shell} -c "$SSH_ORIGINAL_COMMAND"`]);
  const asked = await sshd.asked();
  if (!asked.ok) throw new Error(asked.stderr);
  const { config } = asked;
  const knownHostsFiles = config.userKnownHostsFiles;
  const transport = await connectSsh2({ config, knownHostsFiles, timeoutMs: 20_000, signal: never });
  t.teardown(() => transport.close());
  return transport;
}

for (const [name, shell] of Object.entries(loginShells())) {
  t.test(`${name} as the login shell`, async (t) => {
    const transport = await through(t, shell);
    const { stdout } = await transport.run(['printf', '%s|', ...hostile], options);
    t.equal(stdout, `${hostile.join('|')}|`, 'words arrive as they are');
    for (const code of [0, 1, 3, 127, 255])
      t.match(await transport.run(`echo said >&2; exit ${code}`, options), {
        ...{ exitCode: code, signal: null, stdout: '', stderr: 'said\n' },
      });
    t.match(await transport.run('kill -TERM $$', options), { exitCode: 143 });
    t.match(await transport.run('x="a!b"\nfor i in 1 2\ndo echo "$i $x"\ndone', options), {
      stdout: '1 a!b\n2 a!b\n',
    });
    t.match(await transport.run('cat', options), { exitCode: 0, stdout: '' }, 'there is no input');
    const input = 'in!\n'.repeat(50_000);
    t.match(await transport.run('cat | wc -c', { ...options, stdin: input }), { stdout: /^ *200000\n$/ });

    const marker = `89${process.pid}.${name.length}`;
    const seen = await transport.run(`sleep ${marker} & echo begun; sleep ${marker}`, {
      ...{ ...options, timeoutMs: 4_000 },
    });
    t.match(seen, { exitCode: null, timedOut: true, stdout: 'begun\n' });
    t.ok(await soon(() => processesWith(marker).length === 0), 'what hangs ends with all that it started');

    const place = batchingTransport(transport);
    const results = await Promise.all([
      place.run(['printf', '%s|', ...hostile], quick),
      place.run('echo one >&2; exit 9', quick),
      place.run('cat; echo two', quick),
    ]);
    t.match(results, [
      { stdout: `${hostile.join('|')}|`, exitCode: 0 },
      { stderr: 'one\n', exitCode: 9 },
      { stdout: 'two\n' },
    ]);
  });
}

t.test('what answers in place of `sh` is told as it is', async (t) => {
  const script = join(t.testdir(), 'locked');
  writeFileSync(script, '#!/bin/sh\necho "only builds here"; exit 5\n');
  chmodSync(script, 0o755);
  const transport = await through(t, script);
  await fails(t, transport.run('true', options), {
    ...{ phase: 'shell', message: 'only builds here', answer: { exitCode: 5 } },
  });
  await fails(t, batchingTransport(transport).run('true', quick), { phase: 'shell' });
});
