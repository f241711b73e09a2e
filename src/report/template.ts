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

/**
 * Renders a reporter's template. Handlebars' own escape is one for the whole process and made for HTML, so every
 * `{{x}}` is rewritten to call this format's escape instead. Missing values are errors.
 */
export function renderTemplate(text: string, escapeText: (text: string) => string, view: object): string {
  const environment = Handlebars.create();
  environment.registerHelper('esc', (value: unknown) => {
    if (value instanceof Escaped) return value.text;
    if (value === undefined || value === null) return '';
    return escapeText(typeof value === 'string' ? value : JSON.stringify(value));
  });
  environment.registerHelper('json', (value: unknown) => JSON.stringify(value));
  environment.registerHelper('seconds', (ms: number) => (ms / 1000).toFixed(3));
  environment.registerHelper('eq', (a: unknown, b: unknown) => a === b);
  const ast = Handlebars.parse(text);
  escapeAll(ast.body);
  return environment.compile(ast, { strict: true, noEscape: true })(view);
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
