import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { Waiver } from '../generated/types.ts';
import { validateWaivers } from '../generated/validators.js';
import { isCalled } from '../scenario/each.ts';
import { placeOf } from '../scenario/positions.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { schemaProblems } from '../scenario/schema-problems.ts';
import { suggestWord } from '../support/did-you-mean.ts';
import { UserError } from '../support/user-error.ts';

/** The waivers that count today. Throws {@link UserError}, with the place, for what cannot be read or waives nothing. */
export async function readWaivers(file: string, scenarios: readonly Scenario[]): Promise<Waiver[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read the waivers: ${error instanceof Error ? error.message : String(error)}`);
  }
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, stringKeys: true });
  const at = (path: readonly (string | number)[]): string => {
    const { line, column } = placeOf(document, counter, text, path);
    return `${file}:${line}:${column}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new UserError(`${file}: YAML: ${syntax.message}`);
  const data: unknown = document.toJS({ maxAliasCount: 0 });
  if (!validateWaivers(data)) {
    const schema = validateWaivers.schema as Record<string, unknown>;
    const problems = schemaProblems(validateWaivers.errors ?? [], schema);
    throw new UserError(problems.map(({ path, what, fix }) => `${at(path)}: ${what}; ${fix}`).join('\n'));
  }
  const waivers = data as Waiver[];
  const ids = scenarios.map(({ id }) => id);
  waivers.forEach(({ scenario, until }, index) => {
    if (!ids.some((id) => isCalled(id, scenario)))
      throw new UserError(
        `${at([index, 'scenario'])}: there is no scenario called "${scenario}"${suggestWord(scenario, ids, '')}`,
      );
    if (until !== undefined && Number.isNaN(Date.parse(until)))
      throw new UserError(`${at([index, 'until'])}: ${until} is no day`);
  });
  const today = new Date().toISOString().slice(0, 10);
  return waivers.filter(({ until }) => until === undefined || until >= today);
}
