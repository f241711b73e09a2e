import type { ShellState } from '../shell-state.ts';
import { TemplateError } from './template-error.ts';
import type { Place } from './value-at.ts';

type Node = hbs.AST.Statement;

/** One `{{path}}` of a template. */
export interface Use {
  path: string;
  line: number;
  column: number;
  /** Inside a block such as `{{#if}}`, where a missing value may be meant. */
  tested: boolean;
}

/** Lets only plain paths and if/unless/each blocks pass, and turns every path into a call of our own helper. */
export function rewrite(body: Node[], uses: Use[], shell: ShellState | null, tested: boolean): void {
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
