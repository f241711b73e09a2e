import type { Kind, Kinds } from '../matchers/matcher.ts';
import type { Observation } from '../observation.ts';

/** What each field of an observation can be. */
const fields: Readonly<Record<keyof Observation, Kinds>> = {
  exitCode: ['integer', 'null'],
  signal: ['text', 'null'],
  stdout: ['text'],
  stderr: ['text'],
  durationMs: ['number'],
  timedOut: ['boolean'],
  truncated: ['boolean'],
  at: ['text'],
  value: 'any',
  error: 'any',
};

/** What the field can be; `any` for what builders, clients and facts hold. */
export function kindsOfField(field: string): Kinds {
  return Object.hasOwn(fields, field) ? fields[field as keyof Observation] : 'any';
}

/** Whether a place of these kinds can hold the value. */
export function canBe(kinds: Kinds, value: unknown): boolean {
  const kind = kindOf(value);
  return kinds === 'any' || kinds.includes(kind) || (kind === 'integer' && kinds.includes('number'));
}

/** Whether a matcher that judges these kinds can judge one that is there. */
export function canJudge(judges: readonly Kind[] | undefined, kinds: Kinds): boolean {
  if (judges === undefined || kinds === 'any') return true;
  return kinds.some((kind) => judges.includes(kind === 'integer' ? 'number' : kind));
}

function kindOf(value: unknown): Kind {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'object') return 'mapping';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' ? 'boolean' : 'text';
}

const words: Readonly<Record<Kind, string>> = {
  text: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  null: 'null',
  list: 'a list',
  mapping: 'a mapping',
};

export function kindsInWords(kinds: Kinds): string {
  return kinds === 'any' ? 'anything' : kinds.map((kind) => words[kind]).join(' or ');
}
