import type { Json } from '../observation.ts';
import type { Context } from './context.ts';
import { TemplateError } from './template-error.ts';

/** Inside a template, from 1. */
export type Place = { line: number; column: number };

/** The text, number or truth value that a path names. Throws {@link TemplateError} where there is none. */
export function scalarAt(path: string, context: Context, place: Place): string | number | boolean {
  const value = valueAt(path, context, place);
  if (typeof value === 'object') {
    throw new TemplateError(
      'template-missing-value',
      `{{${path}}} is ${value === null ? 'null' : 'a list or an object'}, not a text or a number`,
      place.line,
      place.column,
    );
  }
  if (typeof value === 'string' && value.includes('\0')) {
    throw new TemplateError('template-unsafe', `{{${path}}} holds a NUL character`, place.line, place.column);
  }
  return value;
}

/** What a dotted path names. Throws {@link TemplateError} where there is nothing. */
export function valueAt(path: string, context: Context, { line, column }: Place): Json {
  let value: unknown = context;
  for (const part of path.split('.')) {
    const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, part);
    if (!inside) throw new TemplateError('template-missing-value', `{{${path}}} has no value`, line, column);
    value = (value as Record<string, unknown>)[part];
  }
  if (value === undefined)
    throw new TemplateError('template-missing-value', `{{${path}}} has no value`, line, column);
  return value as Json;
}
