import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';

const name = 'nix-remote-builder-doctor';
const stored = (what: string): string => `/nix/store/00000000000000000000000000000000-${what}`;
/** Means something to a shell and to systemd. */
const nasty = "a b'$(x)%h";

/** An expression over test/packaging/stand-in-lib.nix, and the data it may use, as JSON. Throws what Nix says. */
function evaluate(expression: string, data: unknown = {}): unknown {
  const standIn = JSON.stringify(resolve('test/packaging/stand-in-lib.nix'));
  const { status, stdout, stderr, error } = spawnSync(
    'nix-instantiate',
    // Nothing is built or kept, so no store is needed.
    ['--store', 'dummy://', '--eval', '--strict', '--json', '--argstr', 'data', JSON.stringify(data)].concat(
      '--expr',
      `{ data }: with import ${standIn}; let given = builtins.fromJSON data; in ${expression}`,
    ),
    { encoding: 'utf8' },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

interface Option {
  name: string;
  type: string;
  described: boolean;
  default?: unknown;
}

interface Service {
  description: string;
  after: string[];
  wants: string[];
  wantedBy?: string[];
  path: string[];
  startAt?: string;
  serviceConfig: Record<string, string | boolean> & { ExecStart: string };
}

interface Nixos {
  declared: Option[];
  config: {
    nix?: { settings: Record<string, string> };
    systemd?: { services: Record<string, Service>; tmpfiles?: { rules: string[] } };
  };
}

interface Darwin {
  declared: Option[];
  config: {
    launchd?: {
      daemons: Record<string, { path: string[]; serviceConfig: { ProgramArguments: string[] } & object }>;
    };
  };
}

function module(file: string, options: object, system: object): unknown {
  const path = resolve('nix', file);
  return evaluate(`module { file = ${JSON.stringify(path)}; inherit (given) given system; }`, {
    given: options,
    system,
  });
}

const nixos = (options: object, system: object = {}): Nixos =>
  module('nixos-module.nix', options, system) as Nixos;
const darwin = (options: object, system: object = { nix: { enable: true } }): Darwin =>
  module('darwin-module.nix', options, system) as Darwin;

function service(options: object, which = name, system: object = {}): Service {
  const found = nixos({ enable: true, ...options }, system).config.systemd?.services[which];
  if (found === undefined) throw new Error(`there is no service ${which}`);
  return found;
}

/** The words that systemd makes of an Exec line whose words are all quoted. Throws where it would put something in. */
function systemdWords(line: string): string[] {
  const quoted = line.match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  if (quoted.join(' ') !== line) throw new Error(`not all quoted: ${line}`);
  return quoted.map((word) => {
    if (/[$%]/.test(word.replaceAll(/\$\$|%%/g, ''))) throw new Error(`systemd replaces part of ${word}`);
    return (JSON.parse(word) as string).replaceAll(/\$\$|%%/g, (twice) => twice.slice(1));
  });
}

/** What launchd runs, without the shell that waits for the store. */
function daemonWords(options: object): string[] {
  const daemon = darwin({ enable: true, ...options }).config.launchd?.daemons[name];
  return daemon?.serviceConfig.ProgramArguments.slice(3) ?? [];
}

const defaults = {
  builders: [],
  'integrations.goss.configFile': undefined,
  'integrations.goss.enable': false,
  timeout: null,
  enable: false,
  exclude: [],
  extraArgs: [],
  interval: '5m',
  listen: '127.0.0.1:9847',
  package: stored(name),
  readOnly: true,
  specs: [],
};

const everything = {
  listen: nasty,
  interval: nasty,
  specs: [`/etc/${nasty}`, '/etc/more'],
  exclude: [nasty, '--help'],
  extraArgs: ['--jobs', nasty],
};
const binary = `${stored(name)}/bin/${name}`;
const common = ['--read-only', '--spec', `/etc/${nasty}`, '--spec', '/etc/more'].concat(
  ['--exclude', nasty, '--exclude', '--help'],
  ['--jobs', nasty],
);
const textfile = { enable: true, directory: '/var/lib/textfiles' };

/** A unit file's keys by section. */
function readUnit(path: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> = {};
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, title] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (title !== undefined) section = sections[title] = {};
    else if (key !== undefined && value !== undefined) section[key] = value;
    else if (!/^(#.*)?$/.test(line)) throw new Error(`${path}: ${line}`);
  }
  return sections;
}

function help(command: string): string {
  if (!existsSync('dist/cli.js')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'ignore' });
  return execFileSync(process.execPath, ['dist/cli.js', command, '--help'], { encoding: 'utf8' });
}

const longFlags = (words: readonly string[]): string[] => [
  ...new Set(words.filter((word) => word.startsWith('--'))),
];

/** In CI a missing Nix is a failure. */
const missing = spawnSync('nix-instantiate', ['--version']).error !== undefined;
const skip = missing && process.env['CI'] === undefined ? 'nix-instantiate is not on PATH' : false;

t.test('every Nix file parses', { skip }, (t) => {
  const files = ['flake.nix', 'test/packaging/stand-in-lib.nix'].concat(
    readdirSync('nix').map((file) => `nix/${file}`),
  );
  t.ok(files.length > 5);
  for (const file of files) {
    const { status, stderr } = spawnSync('nix-instantiate', ['--parse', file], { encoding: 'utf8' });
    t.equal(status, 0, `${file} ${stderr}`);
  }
  t.end();
});

t.test(
  'options: the same on both, each with a text, a right default and a line in the docs',
  { skip },
  (t) => {
    const byName = (options: readonly Option[]): object =>
      Object.fromEntries(options.map((option) => [option.name, option.default]));
    const { declared } = nixos({});
    t.strictSame(byName(darwin({}).declared), defaults);
    t.strictSame(byName(declared), {
      ...defaults,
      'buildHook.enable': false,
      'textfile.directory': undefined,
      'textfile.enable': false,
      'textfile.startAt': '*:0/15',
    });
    const docs = readFileSync('docs/nix.md', 'utf8');
    for (const option of declared) {
      t.ok(option.described, `${option.name} has a description`);
      t.ok(docs.includes(`| \`${option.name}\` |`), `${option.name} is in docs/nix.md`);
    }
    t.end();
  },
);

t.test('options: what is wrong is refused', { skip }, (t) => {
  const refused = (options: object, pattern: RegExp): void => {
    t.throws(() => nixos({ enable: true, ...options }), pattern);
  };
  refused({ listen: 9847 }, /the value of listen is no str/);
  refused({ readOnly: 'yes' }, /readOnly is no bool/);
  refused({ specs: ['relative'] }, /specs is no listOf path/);
  refused({ exclude: 'host' }, /exclude is no listOf str/);
  refused({ extraArgs: '--jobs 4' }, /extraArgs is no listOf str/);
  refused({ package: name }, /package is no package/);
  refused({ no: 1 }, /there is no option no/);
  refused({ textfile: { enable: true } }, /textfile\.directory was not given/);
  for (const directory of ['relative', '/a b', '/a%h', '/a\nb', '/$HOME'])
    refused({ textfile: { enable: true, directory } }, /textfile\.directory is no strMatching/);
  t.end();
});

t.test('off: nothing is defined', { skip }, (t) => {
  t.strictSame(nixos({}).config, {});
  t.strictSame(nixos({ ...everything, textfile }).config, {}, 'the textfile neither');
  t.strictSame(darwin({}).config, {});
  t.strictSame(darwin(everything).config, {});
  t.end();
});

t.test('the build hook: for Nix and for its daemon, without the service', { skip }, (t) => {
  const { nix, systemd } = nixos({ buildHook: { enable: true } }).config;
  t.match(nix?.settings['build-hook'], /^\/nix\/store\/.*nix-build-hook$/);
  t.same(systemd?.services, {
    'nix-daemon': { environment: { NIX_CONFIG: `build-hook = ${nix?.settings['build-hook']}` } },
  });
  t.end();
});

t.test('on: what runs, word by word, whatever the values are', { skip }, (t) => {
  const plain = [binary, 'serve', '--listen', '127.0.0.1:9847', '--interval', '5m', '--read-only'];
  t.strictSame(systemdWords(service({}).serviceConfig.ExecStart), plain);
  t.strictSame(daemonWords({}), plain);
  t.strictSame(systemdWords(service({ readOnly: false }).serviceConfig.ExecStart), plain.slice(0, -1));

  const all = [binary, 'serve', '--listen', nasty, '--interval', nasty, ...common];
  t.strictSame(systemdWords(service(everything).serviceConfig.ExecStart), all);
  t.strictSame(daemonWords(everything), all);
  t.match(service(everything).serviceConfig.ExecStart, `"a b'$$(x)%%h"`, 'as systemd.service(5) wants it');
  t.throws(() => systemdWords(`"${nasty}"`), /systemd replaces/);
  t.throws(() => systemdWords(`"serve" ${nasty}`), /not all quoted/);
  t.end();
});

const followed = {
  builders: [{ name: 'silicon', hostName: 'silicon.example.org' }],
  timeout: 30000,
  integrations: { goss: { enable: true } },
};

t.test(
  'options of the program that this one follows: the builders, the time limit, a file for goss',
  { skip },
  (t) => {
    const words = ['--include', 'silicon.example.org', '--timeout', '30000ms'];
    t.same(systemdWords(service(followed).serviceConfig.ExecStart).slice(-4), words);
    t.same(daemonWords(followed).slice(-4), words);
    interface Goss {
      services: { [name]: { integrations: { goss: { configFile: string } } } };
    }
    for (const { config } of [nixos({ enable: true, ...followed }), darwin({ enable: true, ...followed })]) {
      const { configFile } = (config as unknown as Goss).services[name].integrations.goss;
      const { command } = JSON.parse(configFile) as { command: Record<string, { exec: string }> };
      t.equal(Object.keys(command).length, 6);
      t.match(command[`${name}-silicon-connection`], {
        exec: /check -i 'silicon\.example\.org' -t connection -f tap/,
        'exit-status': 0,
        timeout: 120000,
      });
    }
    for (const hostName of ["a'b", 'a b', '-x', '$(id)'])
      t.throws(
        () => nixos({ enable: true, builders: [{ name: 'a', hostName }] }),
        /builders is no listOf submodule/,
      );
    t.end();
  },
);

t.test("launchd: a constant script, the user's nix, a real shell that gets every word", { skip }, (t) => {
  const daemon = (system?: object) =>
    darwin({ enable: true, ...everything }, system).config.launchd?.daemons[name];
  const managed = daemon();
  const [shell = '', option = '', script = '', ...words] = managed?.serviceConfig.ProgramArguments ?? [];
  t.same([shell, option], ['/bin/sh', '-c']);
  t.same(managed?.path.slice(0, 2), [stored('nix'), '/nix/var/nix/profiles/default/bin']);
  t.equal(daemon({ nix: { enable: false } })?.path[0], '/nix/var/nix/profiles/default/bin');
  const { ProgramArguments, ...rest } = managed?.serviceConfig ?? {};
  t.strictSame(rest, {
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    StandardOutPath: `/var/log/${name}.log`,
    StandardErrorPath: `/var/log/${name}.log`,
  });

  const print = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  const seen = execFileSync(
    shell,
    // As launchd would, but with node in place of the doctor and nothing to wait for.
    [
      option,
      script.replace('/bin/wait4path', 'test -e'),
      process.execPath,
      '-e',
      print,
      '--',
      ...words.slice(1),
    ],
    { encoding: 'utf8' },
  );
  t.strictSame(JSON.parse(seen), words.slice(1));
  t.end();
});

t.test('systemd: the same settings as contrib/systemd', { skip }, (t) => {
  const { Unit, Service, Install } = readUnit(`contrib/systemd/${name}.service`);
  const { ExecStart: command = '', ...settings } = Service ?? {};
  const own = service({});
  const { ExecStart, ...ownSettings } = own.serviceConfig;
  t.ok(Object.keys(settings).length > 10, 'there are settings');
  for (const key of new Set([...Object.keys(settings), ...Object.keys(ownSettings)]))
    t.equal(String(ownSettings[key]), settings[key], key);
  t.same(systemdWords(ExecStart).slice(1), command.split(' ').slice(2), 'the arguments too');
  t.strictSame(
    {
      Description: own.description,
      After: own.after.join(' '),
      Wants: own.wants.join(' '),
    },
    Unit,
  );
  t.strictSame({ WantedBy: own.wantedBy?.join(' ') }, Install);
  t.end();
});

t.test('systemd: the nix and ssh that the system has', { skip }, (t) => {
  t.same(service({}).path, [stored('nix'), stored('openssh')]);
  const system = { nix: { package: 'my-nix' }, programs: { ssh: { package: 'my-ssh' } } };
  t.same(service({}, name, system).path, ['my-nix', 'my-ssh']);
  t.end();
});

t.test('textfile: a timer, the same hardening, one folder that may be written', { skip }, (t) => {
  const { systemd } = nixos({ enable: true, ...everything, textfile }).config;
  t.same(Object.keys(systemd?.services ?? {}), [name, `${name}-textfile`]);
  t.same(systemd?.tmpfiles?.rules, ['d /var/lib/textfiles - - - -']);
  t.same(Object.keys(nixos({ enable: true }).config.systemd?.services ?? {}), [name], 'not by default');
  t.equal(nixos({ enable: true }).config.systemd?.tmpfiles, undefined);

  const job = service({ ...everything, textfile }, `${name}-textfile`);
  t.equal(job.startAt, '*:0/15');
  t.equal(job.wantedBy, undefined, 'only the timer starts it');
  t.same(systemdWords(job.serviceConfig.ExecStart), [
    ...[binary, 'check', '--format', 'prometheus=/var/lib/textfiles/nix-remote-builders.prom'],
    ...common,
  ]);
  const { Type, NotifyAccess, Restart, RestartSec, WatchdogSec, ExecStart, ...hardening } = service(
    {},
  ).serviceConfig;
  t.strictSame(
    { ...job.serviceConfig, ExecStart },
    {
      ...hardening,
      ExecStart,
      Type: 'oneshot',
      ReadWritePaths: '/var/lib/textfiles',
      SuccessExitStatus: '1 3',
      TimeoutStartSec: '30min',
    },
  );
  t.end();
});

t.test('the command knows every flag that the modules give it', { skip }, (t) => {
  const asked = { specs: ['/s'], exclude: ['h'], textfile };
  for (const [command, which] of [
    ['serve', name],
    ['check', `${name}-textfile`],
  ] as const) {
    const flags = longFlags(systemdWords(service(asked, which).serviceConfig.ExecStart));
    const text = help(command);
    t.ok(flags.length >= 4, flags.join(' '));
    for (const flag of flags) t.match(text, new RegExp(`^ .*${flag}(?![\\w-])`, 'm'), `${command} ${flag}`);
    t.notMatch(text, /--no-such-flag/);
  }
  t.end();
});

interface Package {
  pname: string;
  version: string;
  src: string[];
  postInstall: string;
  installCheckPhase: string;
  meta: { mainProgram: string };
  npmConfigHook: string;
  npmDeps: { package: unknown; packageLock: { packages: Record<string, { resolved?: string }> } };
}

const readPackage = (): Package => evaluate(`package ${resolve('nix/package.nix')}`) as Package;

t.test('package: the lock as it is, with an address for everything in it', { skip }, (t) => {
  const { npmDeps, npmConfigHook, meta, pname } = readPackage();
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Package['npmDeps']['packageLock'];
  t.same([meta.mainProgram, pname, npmConfigHook], [name, name, 'importNpmLock.npmConfigHook']);
  t.strictSame(npmDeps.package, JSON.parse(readFileSync('package.json', 'utf8')));
  const addresses = new Map<string, string>();
  for (const [path, { resolved, ...entry }] of Object.entries(npmDeps.packageLock.packages)) {
    const { resolved: had, ...original } = lock.packages[path] ?? {};
    if (JSON.stringify(entry) !== JSON.stringify(original)) t.strictSame(entry, original, path);
    if (path !== '') addresses.set(path, had ?? resolved ?? '');
  }
  t.equal(addresses.size, Object.keys(lock.packages).length - 1);
  t.same(
    [...addresses].filter(
      ([, url]) => !/^https:\/\/npm\.example\/(@[^/]+\/)?([^/@]+)\/-\/\2-\d[^/]*\.tgz$/.test(url),
    ),
    [],
  );
  const at = (path: string): string | undefined => addresses.get(`node_modules/${path}`);
  const version = (path: string): string =>
    (lock.packages[`node_modules/${path}`] as { version: string }).version;
  t.equal(at('ssh2'), `https://npm.example/ssh2/-/ssh2-${version('ssh2')}.tgz`);
  const scoped = '@esbuild/linux-x64';
  t.equal(at(scoped), `https://npm.example/${scoped}/-/linux-x64-${version(scoped)}.tgz`);
  t.end();
});

t.test('package: without a registry it says what to read', { skip }, (t) => {
  t.throws(
    () => evaluate(`packageWithoutRegistry ${resolve('nix/package.nix')}`),
    /names no registry: see docs\/nix.md/,
  );
  t.match(readFileSync('docs/nix.md', 'utf8'), 'override { npmRegistry =');
  t.end();
});

t.test('package: what it does after npm, in a real shell', { skip }, (t) => {
  help('serve');
  const { src, postInstall, installCheckPhase, version } = readPackage();
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-nix-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [source, out] = [join(folder, 'source'), join(folder, 'out')];
  for (const entry of src) cpSync(entry, join(source, entry), { recursive: true });
  // As npm's own hook leaves it: the package's files with their dependencies, and a program.
  const installed = join(out, 'lib/node_modules', name);
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] };
  for (const entry of [...src, 'dist'].filter((path) => [...files, 'package.json'].includes(path)))
    cpSync(entry, join(installed, entry), { recursive: true });
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'));
  mkdirSync(join(out, 'bin'));
  const program = `#!/bin/sh\nexec '${process.execPath}' '${installed}/bin/${name}.js' "$@"\n`;
  writeFileSync(join(out, 'bin', name), program, { mode: 0o755 });
  // In the place of nixpkgs' own.
  const standIns = `
    runHook() { :; }
    wrapProgram() { test -x "$1"; echo "wrap $*"; }
    installManPage() { test -f "$1"; echo man; }
    installShellCompletion() { while [ $# -gt 0 ]; do test -f "$2"; echo "completion $1"; shift 2; done; }
  `;
  const script = `set -euo pipefail\n${standIns}\n${postInstall}\n${installCheckPhase}`;
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: source,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], out },
  });
  t.equal(status, 0, stderr);
  const [wrapped, ...others] = stdout.split('\n');
  // Never --prefix, never Nix.
  const path = `${stored('openssh')}/bin:${stored('nodejs')}/bin`;
  t.equal(wrapped, `wrap ${out}/bin/${name} --suffix PATH : ${path}`);
  t.same(others.slice(0, 5), ['man', 'completion --bash', 'completion --fish', 'completion --zsh', version]);
  t.end();
});

t.test('flake: what it gives, on every system', { skip }, (t) => {
  const systems = ['aarch64-darwin', 'aarch64-linux', 'x86_64-darwin', 'x86_64-linux'];
  const each = (make: (system: string) => unknown): object =>
    Object.fromEntries(systems.map((system) => [system, make(system)]));
  const { description } = JSON.parse(readFileSync('package.json', 'utf8')) as { description: string };
  t.strictSame(evaluate(`flake ${resolve('flake.nix')}`), {
    inputs: ['nixpkgs'],
    packages: each(() => ({ default: stored(name) })),
    apps: each(() => ({ default: { type: 'app', program: binary, meta: { description } } })),
    devShells: each(() => ({ default: stored('shell') })),
    overlays: { default: [name] },
    nixosModules: { default: resolve('nix/nixos-module.nix') },
    darwinModules: { default: resolve('nix/darwin-module.nix') },
    checks: each((system) => ({
      package: stored(name),
      ...(system.endsWith('linux') ? { nixos: stored('vm-test') } : {}),
    })),
  });
  t.end();
});
