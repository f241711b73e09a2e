import Handlebars from 'handlebars';
import { nixText } from '../machines/nix-text.ts';
import { quote, quoteIfNeeded } from '../support/shell-quote.ts';
import type { Json } from './observation.ts';
import { quoteRegex } from './regex.ts';
import { ShellState } from './shell-state.ts';

/** What templates know. Plain data: nothing of it is called. */
export interface Context {
  builder?: Record<string, Json>;
  client: Record<string, Json>;
  facts: Record<string, Json>;
  vars: Record<string, Json>;
  /** `nonce`: a word that no other check of any run has. Not in hints. */
  check?: Record<string, Json>;
  /** Only in hints: what was seen. */
  observation?: Record<string, Json>;
}

/** A template that is refused, or a value that is missing. Line and column count from 1 inside the template. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly code: 'template-syntax' | 'template-unsafe' | 'template-missing-value';
  readonly line: number;
  readonly column: number;
  constructor(code: TemplateError['code'], message: string, line: number, column: number) {
    super(message);
    this.code = code;
    this.line = line;
    this.column = column;
  }
}

/**
 * What a value becomes: `plain` text for people; one quoted word of a shell command (`shell`); the same, but
 * quoted only where needed, for a person to type (`typed`); a pattern that matches just the value (`regex`);
 * a string literal of the Nix language (`nix`).
 */
export type Mode = 'plain' | 'shell' | 'typed' | 'regex' | 'nix';

const write: Record<Mode, (text: string) => string> = {
  plain: (text) => text,
  shell: quote,
  typed: quoteIfNeeded,
  regex: quoteRegex,
  nix: nixText,
};

type Place = { line: number; column: number };
type Node = hbs.AST.Statement;

/** One `{{path}}` of a template. */
export interface Use {
  path: string;
  line: number;
  column: number;
  /** Inside a block such as `{{#if}}`, where a missing value may be meant. */
  tested: boolean;
}

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

interface Prepared {
  uses: Use[];
  render: (context: Context) => string;
}

const prepared = new Map<string, Prepared>();

function prepare(template: string, mode: Mode): Prepared {
  const key = `${mode}:${template}`;
  let found = prepared.get(key);
  if (found === undefined) {
    found = compile(template, mode);
    prepared.set(key, found);
  }
  return found;
}

function compile(template: string, mode: Mode): Prepared {
  const ast = parse(template);
  const uses: Use[] = [];
  const shell = mode === 'shell' ? new ShellState() : null;
  rewrite(ast.body, uses, shell, false);

  const environment = Handlebars.create();
  let current: Context = { client: {}, facts: {}, vars: {} };
  environment.registerHelper('value', (path: string, options: Handlebars.HelperOptions) => {
    const { line, column } = options.hash as Place;
    return write[mode](String(scalarAt(path, current, { line, column })));
  });
  const run = environment.compile(ast, {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { value: true },
  });
  return {
    uses,
    render: (context) => {
      current = context;
      try {
        return run(context);
      } catch (error) {
        if (error instanceof TemplateError) throw error;
        // A block such as {{#if a.b}} where there is no a.
        const [message] = (error instanceof Error ? error.message : String(error)).split('\n');
        throw new TemplateError('template-missing-value', `a block has no value: ${message ?? ''}`, 1, 1);
      }
    },
  };
}

function parse(template: string): hbs.AST.Program {
  try {
    return Handlebars.parse(template);
  } catch (error) {
    const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    const line = Number(/line (\d+)/.exec(first)?.[1] ?? 1);
    throw new TemplateError('template-syntax', `the template cannot be read: ${first}`, line, 1);
  }
}

/** Lets only plain paths and if/unless/each blocks pass, and turns every path into a call of our own helper. */
function rewrite(body: Node[], uses: Use[], shell: ShellState | null, tested: boolean): void {
  for (const node of body) {
    const place = { line: node.loc.start.line, column: node.loc.start.column + 1 };
    const refuse = (message: string): never => {
      throw new TemplateError('template-unsafe', message, place.line, place.column);
    };
    if (node.type === 'ContentStatement') shell?.read((node as hbs.AST.ContentStatement).value);
    else if (node.type === 'CommentStatement') continue;
    else if (node.type === 'MustacheStatement') {
      const mustache = node as hbs.AST.MustacheStatement;
      if (!mustache.escaped) refuse('{{{…}}} and {{&…}} are not allowed: a value is always escaped');
      if (
        mustache.path.type !== 'PathExpression' ||
        mustache.params.length > 0 ||
        (mustache.hash as hbs.AST.Hash | undefined)?.pairs.length
      ) {
        refuse('only a plain name such as {{builder.host}} is allowed here');
      }
      const path = (mustache.path as hbs.AST.PathExpression).original;
      if (shell?.refusal != null) {
        refuse(
          `{{${path}}} stands ${shell.refusal}, where no quoting can make it safe; put it outside, as a word of its own`,
        );
      }
      shell?.value();
      uses.push({ path, ...place, tested });
      callHelper(mustache, path, place);
    } else if (node.type === 'BlockStatement') {
      const block = node as hbs.AST.BlockStatement;
      if (!['if', 'unless', 'each'].includes(block.path.original))
        refuse(`{{#${block.path.original}}} is not known; there are #if, #unless and #each`);
      for (const param of block.params)
        if (param.type === 'PathExpression')
          uses.push({ path: (param as hbs.AST.PathExpression).original, ...place, tested: true });
      const before = shell?.fingerprint;
      rewrite(block.program.body, uses, shell, true);
      if (shell?.fingerprint !== before)
        refuse(`a {{#${block.path.original}}} block must not open or close quotes`);
      // Absent without {{else}}, which the types leave out.
      const inverse = block.inverse as hbs.AST.Program | undefined;
      rewrite(inverse?.body ?? [], uses, shell, true);
      if (shell?.fingerprint !== before) refuse('an {{else}} block must not open or close quotes');
    } else refuse('partials and decorators are not allowed');
  }
}

function callHelper(mustache: hbs.AST.MustacheStatement, path: string, { line, column }: Place): void {
  const { loc } = mustache;
  const number = (value: number): hbs.AST.NumberLiteral => ({
    type: 'NumberLiteral',
    value,
    original: value,
    loc,
  });
  mustache.params = [{ type: 'StringLiteral', value: path, original: path, loc } as hbs.AST.StringLiteral];
  mustache.path = {
    type: 'PathExpression',
    data: false,
    depth: 0,
    parts: ['value'],
    original: 'value',
    loc,
  };
  mustache.hash = {
    type: 'Hash',
    loc,
    pairs: [
      { type: 'HashPair', key: 'line', value: number(line), loc },
      { type: 'HashPair', key: 'column', value: number(column), loc },
    ],
  };
}

function scalarAt(path: string, context: Context, place: Place): string | number | boolean {
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

function valueAt(path: string, context: Context, { line, column }: Place): Json {
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
