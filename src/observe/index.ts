import { clientIdentity } from './client-identity.ts';
import { dns } from './dns.ts';
import { hostKey } from './host-key.ts';
import { machines } from './machines.ts';
import { nixConnect } from './nix-connect.ts';
import type { Probe } from './probe.ts';
import { sshConfig } from './ssh-config.ts';
import { tcpConnect } from './tcp-connect.ts';
import { weighting } from './weighting.ts';

const all: readonly Probe[] = [
  clientIdentity,
  machines,
  sshConfig,
  dns,
  tcpConnect,
  hostKey,
  nixConnect,
  weighting,
];

/** Every built-in probe by its name. A new one is a file in this folder and its name in the list above. */
export const probes: ReadonlyMap<string, Probe> = new Map(all.map((probe) => [probe.name, probe]));
