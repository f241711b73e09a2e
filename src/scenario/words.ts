import { isDeepStrictEqual } from 'node:util';
import type { Mismatch } from './matchers/matcher.ts';
import type { Json } from './observation.ts';

const longest = 200;

/** A mismatch in words, e.g. `exitCode is 1, expected 0`. */
export function wordMismatch(mismatch: Mismatch): string {
  const { path, matcher, expected, actual, missing, inner, reason, flaw } = mismatch;
  if (reason !== undefined) return reason;
  if (matcher === 'jsonSchema' && typeof expected === 'string') return `${path} ${expected}`;
  if (actual === undefined && matcher !== 'anyOf')
    return `there is no ${path}, expected ${wordExpected(mismatch)}`;
  if (missing !== undefined && missing.length > 0)
    return `${path} lacks ${missing.map(show).join(', ')}: it is ${show(actual)}`;
  if (matcher === 'anyOf' && inner !== undefined) {
    return `${path} is ${show(actual)}, and fits none of: ${inner.map(wordExpected).join('; ')}`;
  }
  if (flaw !== undefined)
    return `${path} is ${show(actual)}, which ${flaw}; expected ${wordExpected(mismatch)}`;
  return `${path} is ${show(actual)}, expected ${wordExpected(mismatch)}`;
}

const words: Record<string, string> = {
  matches: 'to match',
  atLeast: 'at least',
  atMost: 'at most',
  above: 'more than',
  below: 'less than',
  semver: 'a version in',
  contains: 'to contain',
  json: 'JSON with',
  jsonSchema: 'JSON that is valid by',
  not: 'anything but',
};

function wordExpected({ matcher, expected, wanted }: Mismatch): string {
  if (wanted !== undefined) return wanted;
  if (matcher === 'equals') return show(expected);
  if (matcher === 'empty') return expected === true ? 'nothing' : 'something';
  if (matcher === 'not' && isDeepStrictEqual(expected, { empty: true })) return 'something';
  if (matcher === 'lines') return `${show(expected)} lines`;
  return `${words[matcher] ?? matcher} ${show(expected)}`;
}

function show(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' ? JSON.stringify(value.trimEnd()) : JSON.stringify(value);
  return text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
