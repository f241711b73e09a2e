import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fleet, type NixVersion } from './index.ts';
import { withFleet } from './with-fleet.ts';

const versions: readonly NixVersion[] = ['2.8', '2.26', '2.34'];

/** A fresh derivation that writes the host name and the user id it was built with. */
function build(name: string): string {
  const script =
    'read -r host < /proc/sys/kernel/hostname; while read -r key uid rest; do if [ $key = Uid: ]; then echo $host $uid > $out; fi; done < /proc/self/status';
  return `derivation { name = "${name}"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" ''${script}'' ]; }`;
}

/** Those of a PID namespace, seen from outside. */
function processesIn(namespace: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
    } catch {
      // It ended meanwhile.
      return false;
    }
  });
}

function namespaceOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/pid`);
}

for (const nix of versions) {
  withFleet(`Nix ${nix} builds on builders of each version over both schemes`, async (t, fleet) => {
    const [client, ...builders] = await Promise.all([
      fleet.client({ nix }),
      ...versions.map((version) => fleet.builder({ name: `with${version.replace('.', '-')}`, nix: version })),
    ]);
    for (const builder of builders) {
      for (const scheme of ['ssh', 'ssh-ng'] as const) {
        client.machines(builder.line(scheme));
        const name = `${scheme}-${builder.name}`;
        const words = ['nix-build', '-j0', '--no-out-link', '-E', build(name)];
        const { exitCode, stdout, stderr } = await client.host.run(words);
        t.equal(exitCode, 0, `${name}: ${stderr}`);
        t.equal(
          client.host.read(stdout.trim()),
          `${builder.name} 30001\n`,
          `${name} was built there, by a build user`,
        );
      }
    }
  });
}

withFleet('twenty builders can be had at once', async (t, fleet) => {
  const started = performance.now();
  const builders = await Promise.all(Array.from({ length: 20 }, () => fleet.builder()));
  t.comment(`twenty builders in ${Math.round(performance.now() - started)} ms`);
  const names = await Promise.all(builders.map(({ host }) => host.sh('hostname')));
  t.equal(new Set(names.map(({ stdout }) => stdout)).size, 20, 'each is a host of its own');
});

withFleet('a builder can be had otherwise than usual', async (t, fleet) => {
  const client = await fleet.client();
  const builder = await fleet.builder({
    port: 2222,
    daemon: false,
    nixConf: { 'max-jobs': '7' },
    sshd: { AcceptEnv: ['ONE', 'TWO'], MaxSessions: '3' },
    user: { name: 'nix', shell: '/bin/bash', trusted: true },
  });
  const login = await client.host.run([
    'ssh',
    '-p',
    '2222',
    `nix@${builder.name}`,
    'echo $0; id -un; pgrep nix-daemon',
  ]);
  t.equal(login.stdout, 'bash\nnix\n', login.stderr);
  t.match(await builder.host.sshdLog(), /Accepted publickey for nix/);
  const sshd = (await builder.host.sh('/usr/sbin/sshd -T')).stdout;
  for (const line of ['maxsessions 3', 'acceptenv ONE', 'acceptenv TWO', 'strictmodes yes'])
    t.match(sshd, line);
  const settings = (await builder.host.sh('nix show-config')).stdout;
  for (const line of ['max-jobs = 7', 'trusted-users = root nix', 'build-users-group = nixbld'])
    t.match(settings, line);
});

withFleet('services stop and start again', async (t, fleet) => {
  const client = await fleet.client();
  for (const nix of versions) {
    const { name, host } = await fleet.builder({ nix });
    const login = (): Promise<number> =>
      client.host.run(['ssh', name, 'true']).then(({ exitCode }) => exitCode);
    const daemon = (): Promise<number> =>
      host
        .sh('NIX_REMOTE=daemon nix-store --version && NIX_REMOTE=daemon nix-store --add /etc/hostname')
        .then(({ exitCode }) => exitCode);
    t.equal(await login(), 0);
    await host.stopSshd();
    t.equal(await login(), 255, `${nix}: sshd is stopped`);
    await host.startSshd();
    t.equal(await login(), 0, `${nix}: sshd is back`);
    t.equal(await daemon(), 0);
    await host.stopDaemon();
    t.not(await daemon(), 0, `${nix}: nix-daemon is stopped`);
    await host.startDaemon();
    t.equal(await daemon(), 0, `${nix}: nix-daemon is back`);
  }
});

withFleet('what a host does is seen by no other host, and not by the machine', async (t, fleet) => {
  const own = await fleet.builder();
  const other = await fleet.builder();
  for (const file of [
    '/root/x',
    '/tmp/x',
    '/homeless-shelter',
    '/etc/x',
    '/srv/x',
    '/usr/local/bin/x',
    '/dev/x',
    '/etc/nix/x',
    '/etc/ssh/x',
    '/nix/x',
    '/home/x',
    '/var/log/x',
    '/run/x',
  ]) {
    t.equal((await own.host.sh(`touch ${file}`)).exitCode, 0, file);
    t.notOk(existsSync(file), `${file} of this machine`);
    t.not((await other.host.sh(`test -e ${file}`)).exitCode, 0, file);
  }
  t.equal((await own.host.sh('chmod 600 /dev/null /etc/hostname /usr/bin/env')).exitCode, 0);
  for (const file of ['/dev/null', '/etc/hostname', '/usr/bin/env']) {
    t.ok((statSync(file).mode & 0o077) > 0, `the mode of ${file} of this machine`);
    t.not(
      (await other.host.sh(`stat -c %a ${file}`)).stdout,
      '600\n',
      `the mode of ${file} of the other host`,
    );
  }
  t.not((await own.host.sh('touch /run/project/x')).exitCode, 0, 'the project is there to be read');
  t.equal((await own.host.sh('hostname')).stdout, `${own.name}\n`);
});

withFleet('a command that takes too long is ended, with what it started', async (t, fleet) => {
  const { host } = await fleet.builder();
  const started = performance.now();
  t.equal((await host.sh('sleep 4321; true', { timeoutMs: 300 })).exitCode, -1);
  t.ok(performance.now() - started < 5000);
  t.equal((await host.sh('exec cat', { input: 'given' })).stdout, 'given');
});

withFleet('two fleets do not meet, and each leaves nothing', async (t, fleet) => {
  const second = new Fleet();
  const [one, two] = await Promise.all([fleet.builder(), second.builder(), fleet.client()]);
  t.not(one.host.address, two.host.address);
  const namespace = namespaceOf(two.host.pid);
  t.ok(processesIn(namespace).length > 0);
  await second.close();
  t.same(processesIn(namespace), []);
  t.equal((await one.host.sh('true')).exitCode, 0, 'the first still runs');
});

withFleet(
  'when the process that made a fleet is killed, its hosts go too, and the next fleet sweeps',
  async (t) => {
    const program = `
    import { startFleet } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
    const { host } = await startFleet().builder();
    console.log(JSON.stringify([host.pid, host.path('/root')]));
    setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [init, folder] = JSON.parse(line) as [number, string];
    const namespace = namespaceOf(init);
    t.ok(processesIn(namespace).length >= 3, 'sshd, nix-daemon and more run');
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (let tries = 0; tries < 250 && processesIn(namespace).length > 0; tries += 1) await sleep(20);
    t.same(processesIn(namespace), []);
    // By this fleet, or by one of another test.
    await new Fleet().close();
    t.notOk(existsSync(folder));
  },
);

withFleet('hosts start where the folder of the fleet lies on an overlay, as in a container', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-overlay-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const program = `
    import { startFleet } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
    const fleet = startFleet();
    const { host } = await fleet.builder();
    const ran = await host.sh('touch /etc/x && stat -c %a /etc/shadow && grep " / " /proc/mounts');
    await fleet.close();
    console.log(JSON.stringify(ran));`;
  const mount = `cd ${folder}; mkdir lower upper work; export TMPDIR=${folder}
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay ${folder}; cd -; exec "$0" "$@"`;
  const words = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program];
  const said = execFileSync('unshare', ['-m', 'sh', '-ec', mount, ...words], { encoding: 'utf8' });
  t.match(said, /"exitCode":0,"stdout":"640.*upperdir=[^ ]*\/memory\/upper,/);
});

withFleet('after close no process, mount or file is left', async (t, fleet) => {
  const [builder, client] = await Promise.all([
    fleet.builder({ nix: '2.34' }),
    fleet.client({ nix: '2.26' }),
  ]);
  client.machines(builder.line());
  await client.host.run(['nix-build', '-j0', '--no-out-link', '-E', build('last')]);
  const namespaces = [builder, client].map(({ host }) => namespaceOf(host.pid));
  t.ok(namespaces.every((namespace) => processesIn(namespace).length > 0));
  await fleet.close();
  for (const namespace of namespaces) t.same(processesIn(namespace), []);
  const folder = dirname(dirname(dirname(builder.host.path('/root'))));
  t.match(folder, /nrbd-fleet-127/);
  t.notOk(existsSync(folder));
  t.notOk(readFileSync('/proc/self/mountinfo', 'utf8').includes(folder));
});
