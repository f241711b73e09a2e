import { randomBytes } from 'node:crypto';
import Handlebars from 'handlebars';

/** Text that a helper has escaped already. */
class Escaped {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

/** Marks text as escaped for the format, e.g. a YAML block. */
export function escaped(text: string): Escaped {
  return new Escaped(text);
}

/** Text that has been escaped, in pieces that are made when they are asked for. */
class EscapedPieces {
  readonly pieces: Iterable<string>;
  constructor(pieces: Iterable<string>) {
    this.pieces = pieces;
  }
}

/** The same, for a long text: its pieces are made one after the other. Only for {@link templatePieces}. */
export function escapedPieces(pieces: Iterable<string>): EscapedPieces {
  return new EscapedPieces(pieces);
}

/**
 * Renders a reporter's template. Handlebars' own escape is one for the whole process and made for HTML, so every
 * `{{x}}` is rewritten to call this format's escape instead. Missing values are errors.
 */
export function renderTemplate(text: string, escapeText: (text: string) => string, view: object): string {
  return compile(Handlebars.create(), text, escapeText)(view);
}

/**
 * The same, piece by piece: an `{{#each}}` that stands in no other is a piece for each item, and its list may be one
 * whose items are made when they are asked for.
 */
export function* templatePieces(
  text: string,
  escapeText: (text: string) => string,
  view: object,
): Generator<string> {
  const environment = Handlebars.create();
  const waiting: Iterable<string>[] = [];
  // No text that was escaped holds a NUL; that nobody can foresee the mark makes sure.
  const mark = `\0${randomBytes(8).toString('hex')}:`;
  const later = (pieces: Iterable<string>): string => `${mark}${waiting.push(pieces) - 1}\0`;
  const eachAtOnce = environment.helpers['each'] as Handlebars.HelperDelegate;
  let inside = false;
  environment.registerHelper('each', function (this: unknown, list: unknown, options: HelperOptions) {
    const isEmpty = Array.isArray(list) && list.length === 0;
    if (inside || isEmpty || !isIterable(list)) return eachAtOnce.call(this, list, options) as string;
    return later(itemsOf(list, options));
  });
  function* itemsOf(list: Iterable<unknown>, { fn }: HelperOptions): Generator<string> {
    for (const item of list) {
      inside = true;
      try {
        yield fn(item);
      } finally {
        inside = false;
      }
    }
  }
  const render = compile(environment, text, escapeText, later);
  // A long template takes its time to parse, and again at its first use.
  yield '';
  const whole = render(view);
  for (const [index, part] of whole.split(mark).entries()) {
    const end = index === 0 ? -1 : part.indexOf('\0');
    if (index > 0) yield* waiting[Number(part.slice(0, end))] ?? [];
    yield part.slice(end + 1);
  }
}

type HelperOptions = Handlebars.HelperOptions;

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}

function compile(
  environment: typeof Handlebars,
  text: string,
  escapeText: (text: string) => string,
  later?: (pieces: Iterable<string>) => string,
): (view: object) => string {
  environment.registerHelper('esc', (value: unknown) => {
    if (value instanceof Escaped) return value.text;
    if (value instanceof EscapedPieces && later !== undefined) return later(value.pieces);
    if (value === undefined || value === null) return '';
    return escapeText(typeof value === 'string' ? value : JSON.stringify(value));
  });
  environment.registerHelper('json', (value: unknown) => JSON.stringify(value));
  environment.registerHelper('seconds', (ms: number) => (ms / 1000).toFixed(3));
  environment.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  const ast = Handlebars.parse(text);
  escapeAll(ast.body);
  return environment.compile(ast, { strict: true, noEscape: true });
}

function escapeAll(body: hbs.AST.Statement[]): void {
  for (const node of body) {
    if (node.type === 'BlockStatement') {
      const block = node as hbs.AST.BlockStatement;
      escapeAll(block.program.body);
      escapeAll((block.inverse as hbs.AST.Program | undefined)?.body ?? []);
    } else if (node.type === 'MustacheStatement') {
      const mustache = node as hbs.AST.MustacheStatement;
      if (!mustache.escaped)
        throw new SyntaxError(
          `line ${node.loc.start.line}: {{{…}}} is not allowed; {{…}} escapes for this format`,
        );
      const { path, params, hash, loc } = mustache;
      const inner =
        params.length > 0
          ? ({ type: 'SubExpression', path, params, hash, loc } as hbs.AST.SubExpression)
          : path;
      mustache.params = [inner];
      mustache.path = {
        type: 'PathExpression',
        data: false,
        depth: 0,
        parts: ['esc'],
        original: 'esc',
        loc,
      };
    }
  }
}
