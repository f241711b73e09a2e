import type { Json } from '../observation.ts';
import { prepare } from './compile.ts';
import type { Mode } from './quoting.ts';
import type { Context } from './context.ts';
import type { Use } from './rewrite.ts';
import { valueAt } from './value-at.ts';

/** Every value that a template uses. Throws {@link TemplateError} for one that is refused. */
export function usesOf(template: string, mode: Mode): Use[] {
  return prepare(template, mode).uses;
}

/** Fills a template in. Throws {@link TemplateError}. */
export function renderText(template: string, context: Context, mode: Mode = 'plain'): string {
  if (!template.includes('{{')) return template;
  return prepare(template, mode).render(context);
}

/** A fix for a person to type. */
export function renderFixRun(template: string, context: Context): string {
  return renderText(template, context, 'typed');
}

/** A command: in a list each value stays inside its word, in a text each becomes one quoted word. */
export function renderCommand(command: string | readonly string[], context: Context): string | string[] {
  if (typeof command === 'string') return renderText(command, context, 'shell');
  return command.map((word) => renderText(word, context));
}

/** Any JSON with templates in its texts. One lone `{{…}}` keeps its value's type; under `matches` values are quoted. */
export function renderValue(value: unknown, context: Context, mode: 'plain' | 'regex' = 'plain'): Json {
  if (typeof value === 'string') {
    const lone = mode === 'plain' ? /^\{\{\s*([\w.]+)\s*\}\}$/.exec(value) : null;
    return lone?.[1] === undefined
      ? renderText(value, context, mode)
      : valueAt(lone[1], context, { line: 1, column: 1 });
  }
  if (Array.isArray(value)) return value.map((item) => renderValue(item, context, mode));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        renderValue(item, context, key === 'matches' ? 'regex' : 'plain'),
      ]),
    );
  }
  return value as Json;
}
