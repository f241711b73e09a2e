import { BlockList, isIP } from 'node:net';

/** An IP address or a network; an address is a network of one. */
export interface Network {
  address: string;
  version: 4 | 6;
  prefix: number;
  isAddress: boolean;
}

/** `10.0.0.1`, `fe80::1%eth0`, `10.0.0.0/8`; null for anything else. */
export function networkIn(text: string): Network | null {
  // The longest address with a zone is shorter, and a hostile text may not be.
  if (text.length > 100) return null;
  const [, address = '', given] = /^\s*([^\s/%]+)(?:%[\w.-]+)?(?:\/(\d{1,3}))?\s*$/.exec(text) ?? [];
  const version = isIP(address);
  if (version !== 4 && version !== 6) return null;
  const longest = version === 4 ? 32 : 128;
  const prefix = given === undefined ? longest : Number(given);
  return prefix > longest ? null : { address, version, prefix, isAddress: given === undefined };
}

/** Whether all of a network lies in another one. `::ffff:10.0.0.1` lies in 10.0.0.0/8. */
export function isWithin(inner: Network, outer: Network): boolean {
  if (inner.version === 4 && outer.version === 6) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.prefix, familyOf(outer));
  const bits = (of: Network): number => (of.version === 4 ? of.prefix + 96 : of.prefix);
  return bits(inner) >= bits(outer) && list.check(inner.address, familyOf(inner));
}

function familyOf({ version }: Network): 'ipv4' | 'ipv6' {
  return `ipv${version}`;
}
