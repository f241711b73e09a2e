import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { compareHostKey, lookupKnownHosts } from '../../src/ssh/known-hosts.ts';
import { startSshd } from '../connection/sshd.ts';

const folder = mkdtempSync(join(tmpdir(), 'known-hosts-'));
t.teardown(() => rmSync(folder, { recursive: true, force: true }));
t.before(() => t.setTimeout(60_000));

/** A new key: its type and base64. */
function makeKey(name: string, type = 'ed25519'): { type: string; key: string; line: string } {
  const file = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
  const [keyType = '', key = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  return { type: keyType, key, line: `${keyType} ${key}` };
}

const [a, b, c] = [makeKey('a'), makeKey('b', 'ecdsa'), makeKey('c')];

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Numbers of the lines that `ssh-keygen -F` finds. */
function found(file: string, name: string): number[] {
  const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' });
  return [...stdout.matchAll(/found: line (\d+)/g)].map(([, line]) => Number(line));
}

t.test('the lines found are those that ssh-keygen finds', async (t) => {
  const plain = write('hashed', `alpha,beta ${a.line}\n[alpha]:2222 ${b.line}\n10.0.0.1 ${c.line}\n`);
  execFileSync('ssh-keygen', ['-q', '-H', '-f', plain], { stdio: 'ignore' });
  t.match(readFileSync(plain, 'utf8'), /^\|1\|/, 'names can be hashed');
  const patterns = write(
    'patterns',
    [
      '# a comment',
      '',
      `alpha ${a.line} somebody@somewhere`,
      `*.example.org,!bad.example.org ${a.line}`,
      `?eta,10.0.0.* ${b.line}`,
      `ALPHA,[alpha]:2222 ${c.line}`,
      `\talpha\t${c.type}\t${c.key}`,
      `@revoked * ${c.line}`,
      `@cert-authority *.example.org ${b.line}`,
      'alpha',
      'alpha ssh-ed25519',
      `[fe80::1]:22,fe80::1 ${a.line}`,
      `a.pha ${a.line}`,
      '',
    ].join('\n'),
  );
  const names = [
    'alpha',
    'Alpha',
    'beta',
    'ALPHA',
    'zeta',
    'etaa',
    '10.0.0.1',
    '10.0.0.77',
    'x.example.org',
    'bad.example.org',
    'example.org',
    'fe80::1',
    'nobody',
  ];
  for (const file of [plain, patterns]) {
    // ssh, unlike ssh-keygen, makes a name lower case before it looks for its hash.
    for (const name of names.filter((name) => file === patterns || name === name.toLowerCase())) {
      t.strictSame(
        lookupKnownHosts([file], name, 22).map(({ line }) => line),
        found(file, name),
        `${name} in ${file}`,
      );
    }
    t.strictSame(
      lookupKnownHosts([file], 'alpha', 2222)
        .filter(({ bareName }) => !bareName)
        .map(({ line }) => line),
      found(file, '[alpha]:2222'),
    );
  }
});

t.test('files count in their order, and those that are missing are empty', async (t) => {
  const [one, two] = [write('one', `alpha ${a.line}\n`), write('two', `\nalpha ${b.line}\n`)];
  t.match(lookupKnownHosts([join(folder, 'missing'), two, one], 'alpha', 22), [
    { file: two, line: 2, type: b.type, marker: 'none' },
    { file: one, line: 1, key: a.key },
  ]);
});

t.test('ssh itself judges alike', async (t) => {
  const sshd = await startSshd(t);
  const file = join(sshd.folder, 'known_hosts');
  const keyOf = (name: string): string =>
    readFileSync(join(sshd.folder, `${name}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ');
  const [ours, other] = [keyOf('host_ed25519'), keyOf('id')];
  const [, key = ''] = ours.split(' ');
  const port = `[127.0.0.1]:${sshd.port}`;
  const cases: [string, string][] = [
    ['noted under the port', `${port} ${ours}`],
    ['noted under the bare name', `127.0.0.1 ${ours}`],
    ['another under the port', `${port} ${other}`],
    ['another under the bare name', `127.0.0.1 ${other}`],
    ['another under the port, right under the bare name', `${port} ${other}\n127.0.0.1 ${ours}`],
    ['two under the port', `${port} ${other}\n${port} ${ours}`],
    ['nothing', ''],
    ['another host', `alpha ${ours}`],
    ['revoked', `${port} ${ours}\n@revoked * ${ours}`],
    ['another is revoked', `${port} ${ours}\n@revoked * ${other}`],
    ['only another is revoked, right under the bare name', `@revoked * ${other}\n127.0.0.1 ${ours}`],
    ['of another type', `${port} ${b.line}`],
    ['not the key that it says', `${port} ${b.type} ${a.key}`],
  ];
  for (const [name, text] of cases) {
    writeFileSync(file, `${text}\n`);
    // Only this key is offered, as to our judge.
    const words = sshd.words('-oHostKeyAlgorithms=ssh-ed25519').filter((word) => word !== '--');
    const { status, stderr } = spawnSync('ssh', ['-oBatchMode=yes', ...words, 'true'], { encoding: 'utf8' });
    const judged = /REVOKED HOST KEY/.test(stderr)
      ? 'revoked'
      : /HOST IDENTIFICATION HAS CHANGED/.test(stderr)
        ? 'changed'
        : status === 0
          ? 'match'
          : 'unknown';
    t.equal(
      compareHostKey(lookupKnownHosts([file], '127.0.0.1', sshd.port), { key }),
      judged,
      `${name}: ${judged}`,
    );
  }
});

t.test('an authority may vouch for any key', async (t) => {
  const file = write('authority', `@cert-authority alpha ${a.line}\n`);
  t.equal(compareHostKey(lookupKnownHosts([file], 'alpha', 22), b), 'vouched');
  appendFileSync(file, `@revoked alpha ${b.line}\n`);
  t.equal(compareHostKey(lookupKnownHosts([file], 'alpha', 22), b), 'revoked');
});
