import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../generated/types.ts';
import { suggestWord } from '../support/did-you-mean.ts';
import { packageRoot } from '../support/package-root.ts';
import { githubMessage } from './escape/github.ts';
import { htmlText } from './escape/html.ts';
import { markdownText } from './escape/markdown.ts';
import { nagiosText } from './escape/nagios.ts';
import { prometheusLabel } from './escape/prometheus.ts';
import { tapText } from './escape/tap.ts';
import { visible } from './escape/visible.ts';
import { xmlText } from './escape/xml.ts';
import { githubView } from './github.ts';
import { jsonPieces } from './json.ts';
import { junitView } from './junit.ts';
import { markdownView } from './markdown.ts';
import { nagiosView } from './nagios.ts';
import { prometheusView } from './prometheus.ts';
import type { RenderOptions } from './render-options.ts';

/** Makes one output of a report, in pieces where it may be long. Loads what is heavy when it is asked for. */
type Reporter = (report: Report, options: RenderOptions) => Rendered | Promise<Rendered>;
type Rendered = string | Iterable<string>;

/** A format that is a template: `reporters/NAME.hbs` over a view of the report, with that format's escape. */
function template(
  name: string,
  escapeText: (text: string) => string,
  view: (report: Report) => object | Promise<object>,
): Reporter {
  return async (report) => {
    const { templatePieces } = await import('./template.ts');
    const text = readFileSync(join(packageRoot, 'reporters', `${name}.hbs`), 'utf8');
    return templatePieces(text, escapeText, await view(report));
  };
}

/** Every format by its name. A new one is a template in reporters/ and a line here. */
const reporters: Readonly<Record<string, Reporter>> = {
  table: async (...words) => (await import('./table/index.ts')).renderTable(...words),
  tap: template('tap', tapText, async (report) => (await import('./tap.ts')).tapView(report, 14)),
  tap13: template('tap', tapText, async (report) => (await import('./tap.ts')).tapView(report, 13)),
  junit: template('junit', xmlText, junitView),
  'junit-strict': template('junit-strict', xmlText, junitView),
  markdown: template('markdown', markdownText, markdownView),
  html: template('html', htmlText, async (report) => (await import('./html.ts')).htmlView(report)),
  github: template('github', githubMessage, githubView),
  prometheus: template('prometheus', prometheusLabel, prometheusView),
  nagios: template('nagios', nagiosText, nagiosView),
  ctrf: async (report) => jsonPieces((await import('./ctrf.ts')).ctrfView(report)),
  json: jsonPieces,
};

/** Why the format cannot be rendered, or null. */
export function checkFormat(name: string): string | null {
  if (Object.hasOwn(reporters, name)) return null;
  if (!name.endsWith('.hbs'))
    return `there is no format "${name}"${suggestWord(name, [...Object.keys(reporters), 'PATH.hbs'])}`;
  try {
    readFileSync(name);
    return null;
  } catch (error) {
    return `cannot read the template: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Renders a report. `format` has passed {@link checkFormat}. */
export async function render(report: Report, format: string, options: RenderOptions): Promise<string> {
  return [...(await renderPieces(report, format, options))].join('');
}

/** The same in pieces, each made when it is asked for; a template of the user's own is one. */
export async function renderPieces(
  report: Report,
  format: string,
  options: RenderOptions,
): Promise<Iterable<string>> {
  const made = await (reporters[format] ?? ownTemplate(format))(report, options);
  return typeof made === 'string' ? [made] : made;
}

function ownTemplate(path: string): Reporter {
  return async (report) =>
    (await import('./template.ts')).renderTemplate(readFileSync(path, 'utf8'), visible, report);
}
