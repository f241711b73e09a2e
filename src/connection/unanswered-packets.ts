import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientView } from '../nix/client-view.ts';
import { enterNetworkWords } from '../transport/namespace-socket.ts';
import { tcpProbe } from '../transport/tcp.ts';
import type { SshAccess } from './ssh-access.ts';

const pollMs = 1_000;
/** Linux asks again after 1, 3, 7, 15 and 31 seconds (tcp(7), tcp_syn_retries); at once where it dropped the packet itself. */
const often = 4;
/** A firewall that limits how many connect may answer this program, and after that the daemon. */
const oftenAfterwards = 2;
const connectsWithinMs = 2_000;

/**
 * Waits until a connection to the builder's SSH server from the network of Nix's daemon has asked for an answer often and in
 * vain, while this program, there too, gets one at once: something drops the packets of the daemon alone, and Linux would go on
 * for two minutes. Null where that cannot be seen, or `signal` ended the wait.
 */
export async function unansweredConnection(
  { environment: { daemonPid, place } }: Pick<ClientView, 'environment'>,
  ssh: Pick<SshAccess, 'config'>,
  signal: AbortSignal,
): Promise<'unanswered' | null> {
  if (daemonPid === undefined) return null;
  const asked = await ssh.config(signal);
  if (!asked.ok) return null;
  const { hostname, port } = asked.config;
  const addresses = await lookup(hostname, { all: true }).catch(() => []);
  let answeredAt = 0;
  while (!signal.aborted) {
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readTable(daemonPid, name)));
    const count = Math.max(...tables.map((table) => timesAskedAgain(table, addresses, port)));
    if (count < often) answeredAt = 0;
    if (count < often || (answeredAt > 0 && count < answeredAt + oftenAfterwards)) continue;
    const { connected } = await tcpProbe({
      ...{ host: hostname, port, timeoutMs: connectsWithinMs, greetingMs: 0, signal },
      enter: enterNetworkWords(place),
    });
    if (connected && answeredAt > 0) return 'unanswered';
    answeredAt = connected ? count : 0;
  }
  return null;
}

function readTable(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '');
}

/** How often at most a connection there in a table of /proc/net was asked for again (proc(5): st 02 is SYN_SENT). */
export function timesAskedAgain(
  table: string,
  addresses: readonly { address: string; family: number }[],
  port: number,
): number {
  const wanted = new BlockList();
  for (const { address, family } of addresses) wanted.addAddress(address, family === 6 ? 'ipv6' : 'ipv4');
  const counts = table.split('\n').map((line) => {
    const [, , remote = '', state, , , again = ''] = line.trim().split(/\s+/);
    const [hex = '', portHex = ''] = remote.split(':');
    if (state !== '02' || Number.parseInt(portHex, 16) !== port) return 0;
    const address = addressOf(hex);
    return wanted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') ? Number.parseInt(again, 16) : 0;
  });
  return Math.max(...counts);
}

/** The kernel writes each 32 bits as a number in its own byte order. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => String(Number.parseInt(byte, 16))).join('.');
  return (bytes.join('').match(/.{4}/g) ?? []).join(':');
}
