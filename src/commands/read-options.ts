import type { Shard } from '../generated/types.ts';
import { parseDuration } from '../scenario/duration.ts';
import type { Json } from '../scenario/observation.ts';
import { UserError } from './user-error.ts';

/** `--var KEY=VALUE`. Throws {@link UserError}, as all of these do. */
export function readVars(texts: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UserError(`--var wants KEY=VALUE, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** `--secret KEY=VARIABLE`: values that come from the environment, for a command line can be read by everybody. */
export function readSecrets(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, key, variable] = /^([^=]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
      if (key === undefined || variable === undefined)
        throw new UserError(
          `--secret wants KEY=VARIABLE, the name of an environment variable, not "${text}"`,
        );
      const value = process.env[variable] ?? '';
      if (value.length < 4)
        throw new UserError(
          `--secret ${key}: ${variable} is not set, or too short to be told from other text`,
        );
      return [key, value];
    }),
  );
}

export function readJobs(text: string | undefined): number {
  if (text === undefined) return 10;
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new UserError(`--jobs wants a whole number from 1, not "${text}"`);
  return jobs;
}

export function readShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [, index = 0, of = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > of)
    throw new UserError(`--shard wants a part and their number, such as 2/5, not "${text}"`);
  return { index, of };
}

export function readTimeout(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const most = parseDuration(text);
  if (most === null)
    throw new UserError(`--timeout wants a duration such as 500ms, 30s or 2m, not "${text}"`);
  return most;
}
