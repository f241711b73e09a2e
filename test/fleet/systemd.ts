import { readFileSync } from 'node:fs';
import { inOwnCgroup } from './cgroup.ts';
import { layOutOwnRoot, type OwnRoot } from './own-root.ts';
import type { HostSpec, Service, StartingHost } from './profile.ts';

/** Units that would change the kernel or the network of the machine that the test runs on. */
export const maskedUnits = [
  'networking.service',
  'systemd-sysctl.service',
  'systemd-binfmt.service',
  'proc-sys-fs-binfmt_misc.automount',
] as const;

/** Shell that masks them. */
export const maskUnits: readonly string[] = maskedUnits.map(
  (unit) => `ln -sf /dev/null /etc/systemd/system/${unit}`,
);

/** What a container manager takes from its containers too; the kernel is not theirs. */
const dropped = ['sys_module', 'sys_time', 'audit_control', 'audit_read', 'sys_rawio', 'syslog'] as const;

/** The services of a host with systemd, whose SSH server is that unit. */
export function systemdServices(ssh: 'ssh' | 'sshd'): Readonly<Record<'sshd' | 'daemon', Service>> {
  return {
    sshd: {
      start: `systemctl start ${ssh}.service`,
      // Stopping the unit leaves the sessions alone.
      stop: `systemctl stop ${ssh}.service; pkill -KILL sshd; true`,
      log: `journalctl --no-pager -u ${ssh}.service`,
    },
    daemon: {
      start: 'systemctl start nix-daemon.socket nix-daemon.service',
      stop: 'systemctl stop nix-daemon.socket nix-daemon.service; pkill -KILL nix-daemon; rm -f /nix/var/nix/daemon-socket/socket',
      log: 'journalctl --no-pager -u nix-daemon.service',
    },
  };
}

/** A host whose first process is the root folder's own systemd. */
export function layOutSystemd(
  spec: HostSpec,
  { environment, files, ...own }: Omit<OwnRoot, 'init'>,
  systemd = '/usr/lib/systemd/systemd',
): string[] {
  const script = layOutOwnRoot(spec, {
    ...own,
    files: { '/etc/machine-id': `${randomId()}\n`, ...files },
    init: [systemd],
    environment: { container: 'namespaces', ...environment },
  });
  const group = `nrbd-${spec.address}`;
  return inOwnCgroup(spec.folder, group, script, dropped);
}

function randomId(): string {
  return readFileSync('/proc/sys/kernel/random/uuid', 'utf8').replaceAll('-', '').trim();
}

/** Whether systemd is done with starting. Throws where a unit failed. */
export async function systemdStarted(host: StartingHost): Promise<boolean> {
  const { stdout } = await host.sh('systemctl is-system-running');
  const state = stdout.trim();
  if (state === 'degraded') {
    const { stdout: failed } = await host.sh(
      'systemctl --failed --no-legend --plain; journalctl --no-pager -b -p warning',
    );
    throw new Error(`units failed: ${failed}`);
  }
  return state === 'running';
}
