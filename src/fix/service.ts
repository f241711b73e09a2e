import type { FixChange } from '../generated/types.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import type { System } from '../system/system.ts';

type Service = NonNullable<FixChange['service']>;

/** Starts, restarts or shows the log of a service by the name that it has there. */
export function serviceForm(service: Service, system: System): Form {
  const { name, action } = service;
  if (name === 'time-sync' && system.moduleSystem === 'nixos')
    return moduleForm('services.timesyncd.enable = true;', system);
  if (action === 'log') return { run: log(name, system) };
  return { run: action === 'start' ? start(name, system) : restart(name, system) };
}

/** After a change of sshd's configuration; macOS starts an sshd for each connection, which reads it anew. */
export function rereadSshd(system: System): string {
  return system.init === 'launchd' ? '' : restart('ssh', system);
}

/** After a change of nix.conf. A socket stays as it is. */
export function rereadNixConf(system: System): string {
  return system.init === 'systemd' ? 'systemctl restart nix-daemon' : restart('nix-daemon', system);
}

/**
 * Starts Nix's daemon of a systemd unit anew, with its socket: a socket is not started again while its service runs, and
 * neither of them where it failed to start too often (systemd.unit(5), StartLimitBurst=).
 */
export function restartDaemon(unit: string): string {
  const both = `nix-daemon.socket ${quoteIfNeeded(unit)}`;
  return `systemctl stop ${both} && { systemctl reset-failed ${both} 2>/dev/null; systemctl start ${both}; }`;
}

function restart(name: string, system: System): string {
  switch (system.init) {
    case 'systemd':
      if (name === 'nix-daemon') return restartDaemon(name);
      return name === 'time-sync' ? 'timedatectl set-ntp true' : systemctl('restart', name, system);
    case 'openrc':
      return `rc-service ${openrcName(name)} restart`;
    case 'launchd':
      return name === 'time-sync'
        ? 'systemsetup -setusingnetworktime on'
        : oneOf(launchdLabels(name, system).map((label) => `launchctl kickstart -k system/${label}`));
    case 'none':
      return byHand(name);
  }
}

function start(name: string, system: System): string {
  switch (system.init) {
    case 'systemd':
      return name === 'time-sync' ? restart(name, system) : systemctl('start', name, system);
    case 'openrc':
      return name === 'time-sync'
        ? 'apk add chrony && rc-update add chronyd && rc-service chronyd start'
        : // OpenRC takes a service that died for a started one, and would not start it.
          restart(name, system);
    case 'launchd':
      return name === 'ssh'
        ? 'launchctl enable system/com.openssh.sshd; launchctl bootstrap system /System/Library/LaunchDaemons/ssh.plist'
        : restart(name, system);
    case 'none':
      return name === 'ssh' ? '/usr/sbin/sshd' : byHand(name);
  }
}

function log(name: string, { init, sshService }: System): string {
  switch (init) {
    case 'systemd':
      return `journalctl ${unitNames(name, sshService)
        .map((unit) => `-u ${unit}`)
        .join(' ')} -n 30 --no-pager`;
    case 'openrc':
      return `grep ${openrcName(name)} /var/log/messages | tail -n 30`;
    case 'launchd':
      return name === 'ssh'
        ? `log show --last 10m --predicate 'process BEGINSWITH "sshd"'`
        : `tail -n 30 /var/log/*nix*.log`;
    case 'none':
      return 'tail -n 30 /var/log/auth.log /var/log/messages';
  }
}

function systemctl(verb: string, name: string, { sshService }: System): string {
  const commands = unitNames(name, sshService).map((unit) => `systemctl ${verb} ${unit}`);
  return oneOf(commands);
}

/** The first command that succeeds. */
function oneOf(commands: readonly string[]): string {
  return commands.length === 1 ? (commands[0] ?? '') : `(${commands.join(' || ')})`;
}

/** Debian calls it ssh, others sshd. */
function unitNames(name: string, sshService: string): string[] {
  if (name !== 'ssh') return [quoteIfNeeded(name)];
  return sshService === '' ? ['ssh', 'sshd'] : [quoteIfNeeded(sshService)];
}

function openrcName(name: string): string {
  return name === 'ssh' ? 'sshd' : name === 'time-sync' ? 'chronyd' : quoteIfNeeded(name);
}

/** Each installer gives the daemon a label of its own; where the machine could not be looked into, it may be either. */
function launchdLabels(name: string, { determinate, id }: System): string[] {
  if (name === 'ssh') return ['com.openssh.sshd'];
  const [own, determinates] = [quoteIfNeeded(`org.nixos.${name}`), `systems.determinate.${name}`];
  if (name !== 'nix-daemon') return [own];
  if (determinate) return [determinates];
  return id === '' ? [own, determinates] : [own];
}

/** Where no service manager runs, as in most containers. */
function byHand(name: string): string {
  if (name === 'ssh') return 'kill -HUP "$(cat /run/sshd.pid)"';
  if (name === 'nix-daemon')
    return `{ pkill -f '^([^ ]*/)?nix-daemon( --daemon)?$'; nix-daemon --daemon </dev/null >/dev/null 2>&1 & sleep 1; }`;
  return `service ${quoteIfNeeded(name)} restart`;
}
