import type { Profile } from '../profile.ts';
import { plain } from './plain.ts';

/** Every profile, by name. */
export const profiles = {
  plain,
} satisfies Readonly<Record<string, Profile>>;

export type ProfileName = keyof typeof profiles;
