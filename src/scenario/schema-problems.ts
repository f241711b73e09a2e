import type { ErrorObject } from 'ajv';
import { didYouMean } from '../support/did-you-mean.ts';

/** A problem that still knows its place only as a path in the document. */
export interface PathProblem {
  path: (string | number)[];
  /** The key, not the value, is what is wrong. */
  key?: boolean;
  /** The part of the text that is wrong. */
  text?: string;
  code: string;
  what: string;
  fix: string;
}

/** Words a validator's errors for people: one problem each, without the noise of alternatives. */
export function schemaProblems(errors: readonly ErrorObject[], root: Record<string, unknown>): PathProblem[] {
  const alternatives = errors
    .filter(({ keyword }) => keyword === 'anyOf')
    .map(({ schemaPath }) => `${schemaPath}/`);
  const telling = errors.filter(
    ({ keyword, schemaPath, propertyName }) =>
      keyword !== 'if' &&
      keyword !== 'propertyNames' &&
      propertyName === undefined &&
      !alternatives.some((prefix) => schemaPath.startsWith(prefix)),
  );
  const names = errors.filter(({ propertyName }) => propertyName !== undefined);
  const seen = new Set<string>();
  return [...telling, ...names]
    .map((error) => wordError(error, root))
    .filter((problem) => {
      const id = JSON.stringify([problem.path, problem.what]);
      const fresh = !seen.has(id);
      seen.add(id);
      return fresh;
    });
}

function wordError(error: ErrorObject, root: Record<string, unknown>): PathProblem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params = error.params as Record<string, unknown>;
  const data: unknown = error.data;
  const name = nameOf(path);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = knownKeys(error, root);
      return {
        path: [...path, key],
        key: true,
        code: 'unknown-key',
        what: `unknown key "${key}"${didYouMean(key, known)}`,
        fix: `known here: ${known.join(', ')}`,
      };
    }
    case 'required':
      return {
        path,
        code: 'missing-key',
        what: `${path.length === 0 ? 'the scenario' : name} lacks "${String(params['missingProperty'])}"`,
        fix: `add ${String(params['missingProperty'])}:`,
      };
    case 'type': {
      const quoted =
        typeof data === 'number' || typeof data === 'boolean' ? `put it in quotes: "${String(data)}"` : '';
      return {
        path,
        code: 'wrong-type',
        what: `${name} must be ${article(String(params['type']))}, not ${kindOf(data)}`,
        fix: isDuration(name) ? durationHelp : quoted,
      };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      return {
        path,
        code: 'wrong-value',
        what: `${name} cannot be ${JSON.stringify(data)}${didYouMean(String(data), allowed)}`,
        fix: `it is one of: ${allowed.join(', ')}`,
      };
    }
    case 'pattern':
      return {
        path,
        code: 'wrong-value',
        what: `${error.propertyName ?? name} cannot be ${JSON.stringify(error.propertyName ?? data)}`,
        fix: patternHelp(path, isDuration(name)),
      };
    case 'minItems':
      return { path, code: 'wrong-value', what: `${name} is empty`, fix: 'add a value' };
    case 'minProperties':
      return {
        path,
        code: 'asserts-nothing',
        what: `${name} is empty, so it would pass whatever is seen`,
        fix: 'say what must be seen, e.g. exitCode: 0',
      };
    case 'anyOf': {
      const description = (error.parentSchema as { description?: string } | undefined)?.description ?? '';
      return { path, code: 'wrong-type', what: `${name} cannot be ${kindOf(data)}`, fix: description };
    }
    default:
      return { path, code: 'wrong-value', what: `${name} ${error.message ?? 'is wrong'}`, fix: '' };
  }
}

function knownKeys(error: ErrorObject, _root: Record<string, unknown>): string[] {
  const schema = error.parentSchema as { properties?: Record<string, unknown> } | undefined;
  return Object.keys(schema?.properties ?? {});
}

const durationHelp = 'write a duration such as 500ms, 20s or 2m';

function isDuration(name: string): boolean {
  return name === 'timeout' || name === 'delay';
}

const kinds: Record<string, string> = {
  string: 'a text',
  object: 'a mapping',
  array: 'a list',
  boolean: 'true or false',
  number: 'a number',
  integer: 'a whole number',
};

function article(type: string): string {
  return type
    .split(',')
    .map((one) => kinds[one] ?? one)
    .join(' or ');
}

function kindOf(data: unknown): string {
  if (data === null) return 'empty';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a mapping';
  return `${typeof data === 'string' ? 'the text ' : ''}${JSON.stringify(data)}`;
}

/** The last key of a path; an item of a list by its number, as `the 2nd of hint`. */
function nameOf(path: readonly string[]): string {
  const last = path.at(-1) ?? 'the document';
  const list = path.at(-2);
  if (!/^\d+$/.test(last) || list === undefined) return last;
  const number = Number(last) + 1;
  const ending = ['th', 'st', 'nd', 'rd'][number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] ?? 'th';
  return `the ${number}${ending} of ${list}`;
}

function patternHelp(path: PathProblem['path'], isDuration: boolean): string {
  if (isDuration) return durationHelp;
  if (path[0] !== 'each') return 'use lower-case letters, digits and "-"';
  return path.length > 2
    ? 'use a value without brackets and commas: it is part of the name of the check'
    : 'use a list of values, or vars.NAME; a name has letters and digits';
}
