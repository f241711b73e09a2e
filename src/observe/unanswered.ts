import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientView } from './client-view.ts';
import { networkWords } from '../transport/network-place.ts';
import { tcpProbe } from '../transport/tcp.ts';
import type { SshAccess } from './ssh-access.ts';

const pollMs = 1_000;
/** Linux asks again after 1, 3, 7 and 15 seconds (tcp(7), tcp_syn_retries). */
const askedAgain = 4;
const connectsWithinMs = 2_000;

/**
 * Waits until a connection to the builder's SSH server from the network of Nix's daemon has asked for an answer for 15
 * seconds in vain, while this program, there too, gets one at once: something drops the packets of the daemon alone, and Linux
 * would go on for two minutes. Null where that cannot be seen, or `signal` ended the wait.
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
  while (!signal.aborted) {
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readTable(daemonPid, name)));
    if (!tables.some((table) => isUnanswered(table, addresses, port))) continue;
    const { connected } = await tcpProbe({
      ...{ host: hostname, port, timeoutMs: connectsWithinMs, greetingMs: 0, signal },
      enter: networkWords(place),
    });
    if (connected) return 'unanswered';
  }
  return null;
}

function readTable(pid: number, name: string): Promise<string> {
  return readFile(`/proc/${pid}/net/${name}`, 'utf8').catch(() => '');
}

/** Whether a table of /proc/net has a connection there that was asked for that often (proc(5): st 02 is SYN_SENT). */
export function isUnanswered(
  table: string,
  addresses: readonly { address: string; family: number }[],
  port: number,
): boolean {
  const wanted = new BlockList();
  for (const { address, family } of addresses) wanted.addAddress(address, family === 6 ? 'ipv6' : 'ipv4');
  return table.split('\n').some((line) => {
    const [, , remote = '', state, , , again = ''] = line.trim().split(/\s+/);
    if (state !== '02' || Number.parseInt(again, 16) < askedAgain) return false;
    const [hex = '', portHex = ''] = remote.split(':');
    const address = addressOf(hex);
    return Number.parseInt(portHex, 16) === port && wanted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  });
}

/** The kernel writes each 32 bits as a number in its own byte order. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => String(Number.parseInt(byte, 16))).join('.');
  return (bytes.join('').match(/.{4}/g) ?? []).join(':');
}
