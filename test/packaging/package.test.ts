import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startFleet } from '../fleet/index.ts';

const name = 'nix-remote-builder-doctor';
const root = process.getuid?.() === 0;

/** A folder that everybody can reach, as an ordinary user's home is for that user. */
const folder = mkdtempSync(join(tmpdir(), 'nrbd-package-'));
chmodSync(folder, 0o755);
t.teardown(() => rmSync(folder, { recursive: true, force: true }));

interface Packed {
  filename: string;
  unpackedSize: number;
  files: { path: string }[];
}

const [packed] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--pack-destination', folder], { encoding: 'utf8' }),
) as [Packed];
const tarball = join(folder, packed.filename);

/** `nobody`, where we are root. */
const user = root ? { uid: 65534, gid: 65534 } : {};

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

const home = join(folder, 'home');
const cache = join(home, 'cache');
const platform = `node-${process.platform}-${process.arch}`;
const otherNodes = ['22', '24'];
const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();

/** Fetches all that is installed below; the ordinary user then needs no network, and no settings of ours. */
function fillCache(): void {
  mkdirSync(home);
  for (const what of [tarball, ...otherNodes.map((major) => `${platform}@${major}`)]) {
    const place = mkdtempSync(join(folder, 'fetched-'));
    const args = ['install', '--prefix', place, '--cache', cache, '--no-audit', '--no-fund', what];
    execFileSync('npm', args, { cwd: place, stdio: ['ignore', 'ignore', 'inherit'] });
    rmSync(place, { recursive: true });
  }
  if (root) execFileSync('chown', ['-R', '65534:65534', home]);
}

function run(command: string, args: readonly string[]): Ran {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    npm_config_cache: cache,
    npm_config_offline: 'true',
    npm_config_registry: registry,
  };
  return spawnSync(command, args, { encoding: 'utf8', cwd: home, env, ...user, timeout: 120_000 });
}

fillCache();

t.test('what is packed', (t) => {
  t.ok(packed.unpackedSize < 3_500_000, `${packed.unpackedSize} bytes unpacked`);
  const paths = packed.files.map(({ path }) => path);
  t.same(
    paths.filter((path) => /^(test|src|scripts|docs|node_modules)\/|\.test\./.test(path)),
    [],
  );
  for (const path of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    `contrib/man/${name}.1`,
    'specs/network/tcp.yaml',
  ])
    t.ok(paths.includes(path), path);
  t.end();
});

t.test('an ordinary user installs it from the file, and it runs with every Node that it names', (t) => {
  const prefix = join(home, 'prefix');
  const installed = run('npm', ['install', '-g', '--prefix', prefix, '--no-audit', '--no-fund', tarball]);
  t.equal(installed.status, 0, installed.stderr);
  const program = join(prefix, 'bin', name);
  const versions = new Map([[process.versions.node, process.execPath]]);
  for (const major of otherNodes) {
    const place = join(home, `node${major}`);

    const got = run('npm', ['install', '--prefix', place, '--no-audit', '--no-fund', `${platform}@${major}`]);
    t.equal(got.status, 0, got.stderr);
    versions.set(major, join(place, 'node_modules', platform, 'bin', 'node'));
  }
  for (const [version, node] of versions) {
    const of = (...args: string[]): Ran => run(node, [program, ...args]);
    t.match(run(node, ['--version']).stdout, new RegExp(`^v${version.split('.')[0] ?? ''}\\.`));
    t.match(
      of('--help'),
      { status: 0, stdout: /^Usage: nix-remote-builder-doctor/, stderr: '' },
      `Node ${version}: --help`,
    );
    t.match(of('list'), { status: 0, stdout: /store-ping/ }, `Node ${version}: list`);
    t.match(of('explain', 'key-too-open'), { status: 0, stdout: /chmod 600/ }, `Node ${version}: explain`);
    t.match(of('schema', 'report'), { status: 0, stdout: /"schemaVersion"/ }, `Node ${version}: schema`);
    t.match(
      of('lint', join(prefix, 'lib', 'node_modules', name, 'specs')),
      { status: 0 },
      `Node ${version}: lint`,
    );
    const nothing = of('check', '--builders', 'ssh://[::1]:1 x86_64-linux', '-f', 'junit');
    t.match(nothing.stdout, '<testsuites', `Node ${version}: check reports`);
    const library = `import { parseMachines } from '${name}/machines'; console.log(parseMachines('ssh://a', { nixVersion: '2.34.0', system: 'x', readFile: () => null }).builders[0].host);`;
    const asked = spawnSync(node, ['--input-type=module', '-e', library], {
      encoding: 'utf8',
      cwd: join(prefix, 'lib'),
    });
    t.equal(asked.stdout, 'a\n', `Node ${version}: the library`);
  }
  t.end();
});

t.test('bash completes it', (t) => {
  const bash = (line: string): string[] =>
    execFileSync(
      'bash',
      [
        '-c',
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nix_remote_builder_doctor; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        `contrib/completions/${name}.bash`,
        ...line.split(' '),
      ],
      { encoding: 'utf8' },
    )
      .trim()
      .split('\n');
  t.same(bash(`${name} enr`), ['enroll']);
  t.same(bash(`${name} enroll --fi`), ['--fingerprint']);
  t.same(bash(`${name} --read`), ['--read-only'], 'check is meant where no command is given');
  t.same(bash(`${name} check --stage n`), ['network', 'nix']);
  t.end();
});

t.test('fish completes it', { skip: existsSync('/usr/bin/fish') ? false : 'no fish here' }, (t) => {
  const source = `source contrib/completions/${name}.fish; complete -C "${name} enroll --fi"`;
  t.match(execFileSync('fish', ['-N', '-c', source], { encoding: 'utf8' }), /^--fingerprint\t/);
  t.end();
});

t.test('zsh can read it', { skip: existsSync('/usr/bin/zsh') ? false : 'no zsh here' }, (t) => {
  t.equal(spawnSync('zsh', ['-n', `contrib/completions/_${name}`]).status, 0);
  t.end();
});

const skip = process.env['NRBD_NO_FLEET'] ?? false;
t.test('installed as root, check finds /etc/nix/machines', { skip }, async (t) => {
  const fleet = startFleet();
  t.teardown(() => fleet.close());
  const client = await fleet.client();
  const builder = await fleet.builder({ nix: '2.34' });
  client.machines(builder.line());
  const place = client.host.path('/root/installed');
  execFileSync('npm', ['install', '-g', '--prefix', place, '--no-audit', '--no-fund', tarball], {
    stdio: 'ignore',
  });
  const { exitCode, stdout, stderr } = await client.host.run([
    '/run/node',
    `/root/installed/bin/${name}`,
    'check',
  ]);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, 'HEALTHY: 1 of 1 builder healthy');
});
