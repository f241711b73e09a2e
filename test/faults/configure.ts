import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote } from '../../src/support/shell-quote.ts';
import type { Builder } from '../fleet/index.ts';
import { inside } from '../fleet/start-script.ts';
import type { Host } from '../fleet/host.ts';
import type { Configuration, SshdSpec } from '../fleet/profile.ts';

/** A daemon that can start does so in less. */
const startsWithinMs = 4_000;

/** Adds lines to the host's nix.conf and restarts its daemon. */
export async function configure(host: Host, ...lines: string[]): Promise<void> {
  if (byModules(host, { nix: lines })) return;
  host.write('/etc/nix/nix.conf', `${host.read('/etc/nix/nix.conf')}${lines.join('\n')}\n`);
  await restartDaemon(host);
}

/** A daemon that cannot start any more is as good as one that did. */
export async function restartDaemon(host: Host): Promise<void> {
  await host.stopDaemon();
  await Promise.race([host.startDaemon().catch(() => undefined), sleep(startsWithinMs)]);
}

/** Sets a variable of the daemon's unit of systemd, and restarts it. */
export async function setDaemonVariable(host: Host, name: string, value: string): Promise<void> {
  if (byModules(host, { daemonVariable: { name, value } })) return;
  await host.sh(
    `mkdir -p /etc/systemd/system/nix-daemon.service.d; printf '[Service]\\nEnvironment="${name}=${value}"\\n' > /etc/systemd/system/nix-daemon.service.d/test.conf; systemctl daemon-reload; systemctl stop nix-daemon.service; systemctl start nix-daemon.socket`,
  );
}

/** Adds options to the host's SSH server, before its own, for the first value counts; and puts them in force. */
export async function configureSshd(host: Host, options: SshdSpec['options']): Promise<void> {
  if (byModules(host, { sshd: options })) return;
  const lines = Object.entries(options).flatMap(([option, value]) =>
    [value].flat().map((one) => `${option} ${one}\n`),
  );
  await host.stopSshd();
  host.write('/etc/ssh/sshd_config', `${lines.join('')}${host.read('/etc/ssh/sshd_config')}`);
  await host.startSshd();
}

/** Replaces the configuration that ssh has for every user of the host. */
export function configureSsh(host: Host, text: string): void {
  if (!byModules(host, { ssh: text })) host.write('/etc/ssh/ssh_config', text);
}

/** Makes an account for a person. */
export async function addUser(host: Host, name: string): Promise<void> {
  if (byModules(host, { user: name })) return;
  await host.sh(`echo '${name}:x:1700:1700::/home/${name}:/bin/sh' >> /etc/passwd; mkdir -p /home/${name}`);
}

/** Makes the host send builds to these machines. */
export function configureMachines(host: Host, ...machines: string[]): void {
  if (!byModules(host, { machines })) host.write('/etc/nix/machines', `${machines.join('\n')}\n`);
}

/** Changes the keys that open an account of the builder. */
export async function authorise(
  { host, user }: Builder,
  change: (key: string) => string | null,
): Promise<void> {
  const file = `${user === 'root' ? '/root' : `/home/${user}`}/.ssh/authorized_keys`;
  const declared = `/etc/ssh/authorized_keys.d/${user}`;
  const own = host.profile.configure === undefined ? file : declared;
  const key = change(host.read(own).trim());
  const keys = key === null ? [] : [key];
  if (byModules(host, { authorised: { user, keys } })) return;
  if (key === null && user !== 'root') await host.sh(`rm -r ${dirname(file)}`);
  else host.write(file, keys.map((one) => `${one}\n`).join(''));
}

/** Starts a server that takes every connection on the host's address, and runs JavaScript for each: `c` is its socket. */
export async function listen({ host }: Builder, port: number, body: string): Promise<void> {
  await runNode(
    host,
    `net.createServer((c) => { c.on('error', () => {}); ${body} }).listen(${port}, '${host.address}', ready)`,
  );
}

/** Runs JavaScript on the host, until the host stops. It may use `net`, and calls `ready` when it has begun. */
export async function runNode(host: Host, script: string): Promise<void> {
  const whole = `const net = require('net'); const ready = () => require('fs').writeFileSync('/tmp/ready', ''); ${script}`;
  await host.sh(
    `rm -f /tmp/ready; setsid ${inside.node} -e ${quote(whole)} </dev/null >/tmp/node.log 2>&1 & until [ -e /tmp/ready ]; do sleep 0.05; done`,
  );
}

function byModules(host: Host, change: Configuration): boolean {
  host.profile.configure?.(host, change);
  return host.profile.configure !== undefined;
}

/** Why a /dev/kvm of a host could not be opened whatever its mode; undefined where this machine has KVM. */
export const lacksKvm = existsSync('/dev/kvm') ? undefined : 'this machine has no KVM';

/** Gives the host a /dev/kvm with that mode and group. */
export function addKvm(host: Host, mode: string, group: string): Promise<unknown> {
  return host.sh(`mknod -m ${mode} /dev/kvm c 10 232; chgrp ${group} /dev/kvm`);
}

/** Lets no login make a namespace, as in many a container: no user namespace in a chroot, and no other without the right. */
export async function forbidNamespaces(host: Host): Promise<void> {
  await host.stopSshd();
  host.write('/etc/ssh/sshd_config', `ChrootDirectory /srv/root\n${host.read('/etc/ssh/sshd_config')}`);
  await host.sh(
    `mkdir /srv/root; mount --rbind / /srv/root; setpriv --bounding-set -sys_admin ${host.profile.services.sshd.start}`,
  );
  await host.sshdAnswers();
}

/** A store on a file system of its own, where `fill` can use `$d`, a store path. */
export function giveSmallStore(host: Host, mount: string, fill: string): Promise<unknown> {
  return host.sh(
    `pkill -KILL nix-daemon; rm -f /nix/var/nix/daemon-socket/socket; mkdir -p /nix/store; mount -t tmpfs -o ${mount} tmpfs /nix/store; chmod 1775 /nix/store; chgrp nixbld /nix/store; d=/nix/store/00000000000000000000000000000000-garbage; mkdir $d /nix/store/.links; ${fill}; setsid nix-daemon --daemon </dev/null >/tmp/daemon.log 2>&1 & sleep 0.5`,
  );
}
