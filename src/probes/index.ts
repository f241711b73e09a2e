import { buildHook } from './build-hook.ts';
import { builderSettings } from './builder-settings.ts';
import { clientIdentity } from './client-identity.ts';
import { clientNix } from './client-nix.ts';
import { clientSettings } from './client-settings.ts';
import { clock } from './clock.ts';
import { dns } from './dns.ts';
import { effectiveBuilders } from './effective-builders.ts';
import { heldSlotsProbe } from './held-slots.ts';
import { entry } from './entry.ts';
import { hostKey } from './host-key.ts';
import { keyFile } from './key-file.ts';
import { machines } from './machines.ts';
import { nixConnect } from './nix-connect.ts';
import type { Probe } from './probe.ts';
import { testBuilds } from './test-builds.ts';
import { roomHere } from './room-here.ts';
import { shell } from './shell.ts';
import { sshConfig } from './ssh-config.ts';
import { system } from './system.ts';
import { substituters } from './substituters.ts';
import { tcpConnect } from './tcp-connect.ts';
import { uploadLock } from './upload-lock.ts';
import { weighting } from './weighting.ts';

const all: readonly Probe[] = [
  clientIdentity,
  clientNix,
  clientSettings,
  effectiveBuilders,
  buildHook,
  machines,
  entry,
  sshConfig,
  keyFile,
  dns,
  tcpConnect,
  hostKey,
  nixConnect,
  testBuilds,
  roomHere,
  shell,
  builderSettings,
  clock,
  system,
  substituters,
  weighting,
  heldSlotsProbe,
  uploadLock,
];

/** Every built-in probe by its name. A new one is a file in this folder and its name in the list above. */
export const probes: ReadonlyMap<string, Probe> = new Map(all.map((probe) => [probe.name, probe]));
