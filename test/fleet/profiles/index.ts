import type { Profile } from '../profile.ts';
import { alpine } from './alpine.ts';
import { arm64 } from './arm64.ts';
import { bsdTools } from './bsd-tools.ts';
import { debian12 } from './debian-12.ts';
import { debianSid } from './debian-sid.ts';
import { nixos } from './nixos.ts';
import { plain } from './plain.ts';

/** Every profile, by name. */
export const profiles = {
  alpine,
  arm64,
  nixos,
  plain,
  'bsd-tools': bsdTools,
  'debian-12': debian12,
  'debian-sid': debianSid,
} satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof profiles;
