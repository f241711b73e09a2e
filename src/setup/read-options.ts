import type { Shard } from '../generated/types.ts';
import { parseDuration } from '../scenario/duration.ts';
import type { Json } from '../scenario/observation.ts';
import { UserError } from '../support/user-error.ts';

/** `--var KEY=VALUE`. Throws {@link UserError}, as all of these do. */
export function readVars(texts: readonly string[]): Record<string, Json> {
  return Object.fromEntries(texts.map((text) => readPair(text, '--var', 'VALUE')));
}

/** `KEY=…`, in two pieces. */
export function readPair(text: string, option: string, what: string): [key: string, rest: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UserError(`${option} wants KEY=${what}, not "${text}"`);
  return [text.slice(0, at), text.slice(at + 1)];
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
  return text === undefined ? Number.POSITIVE_INFINITY : readDuration(text, '--timeout');
}

/** In milliseconds. */
export function readDuration(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new UserError(`${option} wants a duration such as 500ms, 30s or 2m, not "${text}"`);
  return ms;
}

/** A duration that is no less than a second. Throws {@link UserError}. */
export function readInterval(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms === null || ms < 1000)
    throw new UserError(`${option} wants a duration from 1s, such as 30s or 5m, not "${text}"`);
  return ms;
}
