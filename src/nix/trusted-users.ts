import { listSetting } from './settings.ts';

/** What `trusted-users` may be in place of a list with `*`: the others of it, and one that must stay trusted. */
export function withoutEverybody(users: readonly string[], kept: string): string {
  return [...new Set(['root', kept, ...users])].filter((user) => user !== '*' && user !== '').join(' ');
}

/** The first of the secret keys that every user can read; empty where all are closed. */
export function exposedSecret([first = '']: readonly string[]): {
  exposedSecret: string;
  /** Nobody can close a file of the store. */
  exposedInStore: boolean;
} {
  return { exposedSecret: first, exposedInStore: first.startsWith('/nix/store/') };
}

/** `trusted-users` and `allowed-users` name users, groups as `@group`, or everybody as `*`. */
export function isListed(setting: string | undefined, user: string, groups: readonly string[]): boolean {
  return listSetting(setting).some(
    (name) => name === '*' || name === user || (name.startsWith('@') && groups.includes(name.slice(1))),
  );
}
