import type { Profile } from '../profile.ts';
import { arm64 } from './arm64.ts';
import { plain } from './plain.ts';

/** Every profile, by name. */
export const profiles = {
  arm64,
  plain,
} satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof profiles;
