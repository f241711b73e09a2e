import Handlebars from 'handlebars';
import { ShellState } from '../shell-state.ts';
import type { Context } from './context.ts';
import { type Mode, write } from './quoting.ts';
import { rewrite, type Use } from './rewrite.ts';
import { TemplateError } from './template-error.ts';
import { type Place, scalarAt } from './value-at.ts';

interface Prepared {
  uses: Use[];
  render: (context: Context) => string;
}

const prepared = new Map<string, Prepared>();

/** The compiled form of a template, kept. Throws {@link TemplateError} for one that is refused. */
export function prepare(template: string, mode: Mode): Prepared {
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
