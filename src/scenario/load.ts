import { basename, dirname, join } from 'node:path';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import type { ScenarioDocument, Stage } from '../generated/types.ts';
import { validateScenario } from '../generated/validators.js';
import { checkDocument } from './document/check.ts';
import type { ProbeParameters } from './document/probe.ts';
import { parseDuration } from './duration.ts';
import type { Json } from './observation.ts';
import { placeAt, placeOf } from './positions.ts';
import { type Problem, sortProblems } from './problem.ts';
import type { Expectation, Scenario, ScenarioSource } from './scenario.ts';
import { schemaProblems } from './schema-problems.ts';
import { yamlTraps } from './yaml-traps.ts';

/** A file with scenarios. `stage` is what its folder says, in the default suite. */
export interface ScenarioFile {
  path: string;
  text: string;
  stage?: Stage;
}

export interface LoadOptions {
  /** The built-in probes and what they may be given; null: any. */
  probes: ReadonlyMap<string, ProbeParameters> | null;
}

/**
 * Reads scenario files: every problem of every file at once, and the scenarios that have none. `unread` are the ids
 * of the others, as far as the names of their files tell.
 */
export function loadScenarios(
  files: readonly ScenarioFile[],
  options: LoadOptions,
): { scenarios: Scenario[]; problems: Problem[]; unread: string[] } {
  const loaded = files.map((file) => loadFile(file, options));
  return {
    scenarios: loaded.flatMap(({ scenarios }) => scenarios),
    problems: sortProblems(loaded.flatMap(({ problems }) => problems)),
    unread: files.filter((_, index) => loaded[index]?.problems.length !== 0).map(({ path }) => idOf(path)),
  };
}

function loadFile(file: ScenarioFile, options: LoadOptions): { scenarios: Scenario[]; problems: Problem[] } {
  const counter = new LineCounter();
  const parsed = parseAllDocuments(file.text, {
    lineCounter: counter,
    merge: true,
    stringKeys: true,
    uniqueKeys: true,
  });
  const documents = Array.isArray(parsed) ? parsed.filter(({ contents }) => contents !== null) : [];
  if (documents.length === 0) {
    const place = { line: 1, column: 1, endColumn: 2 };
    return {
      scenarios: [],
      problems: [
        problemAt(
          file,
          place,
          'no-document',
          'there is no scenario in this file',
          'write a title, a command and what to expect',
        ),
      ],
    };
  }
  const scenarios: Scenario[] = [];
  const problems: Problem[] = [];
  for (const document of documents) {
    const own = loadDocument(document, counter, file, documents.length > 1, options);
    if ('scenario' in own) scenarios.push(own.scenario);
    else problems.push(...own.problems);
  }
  return { scenarios, problems };
}

function loadDocument(
  document: Document.Parsed,
  counter: LineCounter,
  file: ScenarioFile,
  several: boolean,
  options: LoadOptions,
): { scenario: Scenario } | { problems: Problem[] } {
  const syntax = [...document.errors, ...document.warnings].map((error) =>
    problemAt(
      file,
      placeAt(counter, file.text, ...(error.pos.slice(0, 2) as [number, number])),
      'yaml',
      `YAML: ${error.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? ''}`,
      '',
    ),
  );
  const traps = yamlTraps(document).map(({ code, range, what, fix }) =>
    problemAt(file, placeAt(counter, file.text, ...range), code, what, fix),
  );
  if (syntax.length + traps.length > 0) return { problems: [...syntax, ...traps] };
  let data: ScenarioDocument;
  try {
    data = document.toJS({ maxAliasCount: 1_000 }) as ScenarioDocument;
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const alias = /^Unresolved alias .*: (\S+)$/.exec(what)?.[1];
    const from = alias === undefined ? -1 : file.text.indexOf(`*${alias}`);
    const place =
      alias === undefined || from < 0
        ? { line: 1, column: 1, endColumn: 2 }
        : placeAt(counter, file.text, from, from + alias.length + 1);
    const fix = alias === undefined ? 'use fewer aliases' : `write &${alias} before the value that is meant`;
    return { problems: [problemAt(file, place, 'yaml', `YAML: ${what}`, fix)] };
  }
  const at = (path: readonly (string | number)[], key = false, text?: string): ReturnType<typeof placeOf> =>
    placeOf(document, counter, file.text, path, { key, ...(text === undefined ? {} : { text }) });
  if (!validateScenario(data)) {
    const found = schemaProblems(
      validateScenario.errors ?? [],
      validateScenario.schema as Record<string, unknown>,
    );
    return {
      problems: found.map(({ path, key, code, what, fix }) =>
        problemAt(file, at(path, key), code, what, fix),
      ),
    };
  }
  const scenario = normalise(data, file, counter.linePos(document.range[0]).line, (path, text) =>
    at(path, false, text),
  );
  const semantic = checkDocument(data, scenario, several, options.probes);
  if (semantic.length === 0) return { scenario };
  return {
    problems: semantic.map(({ path, key, text, code, what, fix }) =>
      problemAt(file, at(path, key, text), code, what, fix),
    ),
  };
}

function problemAt(
  file: ScenarioFile,
  place: Pick<Problem, 'line' | 'column' | 'endColumn'>,
  code: string,
  what: string,
  fix: string,
): Problem {
  return { severity: 'error', code, file: file.path, ...place, what, fix };
}

function idOf(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

/** Snapshots lie beside the scenario, so their matcher is told where. */
function placeSnapshots(expected: Json, folder: string): Json {
  if (typeof expected !== 'object' || expected === null) return expected;
  if (Array.isArray(expected)) return expected.map((item) => placeSnapshots(item, folder));
  return Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [
      key,
      key === 'snapshot' && typeof value === 'string'
        ? { folder, name: value }
        : placeSnapshots(value, folder),
    ]),
  );
}

function normalise(
  data: ScenarioDocument,
  file: ScenarioFile,
  line: number,
  at: ScenarioSource['at'],
): Scenario {
  const target = data.target ?? 'builder';
  const { about, says, when, command, probe, stdin, env, cwd, user } = data;
  return {
    id: data.id ?? idOf(file.path),
    title: data.title,
    ...(about === undefined ? {} : { about }),
    stage: data.stage ?? file.stage ?? (target === 'builder' ? 'nix' : 'client'),
    target,
    per: data.per ?? 'builder',
    needs: data.needs ?? [],
    ...(data.each === undefined ? {} : { each: data.each }),
    tags: data.tags ?? [],
    ...(when === undefined ? {} : { when: when as Expectation }),
    severity: data.severity ?? 'error',
    effect: data.effect ?? 'none',
    quick: data.quick ?? false,
    timeoutMs: parseDuration(data.timeout ?? '20s') ?? 20_000,
    retry: {
      attempts: data.retry?.attempts ?? 1,
      delayMs: parseDuration(data.retry?.delay ?? '1s') ?? 1000,
      ...(data.retry?.when === undefined ? {} : { when: data.retry.when as Expectation }),
    },
    ...(command === undefined ? {} : { command }),
    setup: data.setup ?? [],
    cleanup: data.cleanup ?? [],
    ...(stdin === undefined ? {} : { stdin }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    ...(probe === undefined ? {} : { probe }),
    ...(data.with === undefined ? {} : { with: data.with as Record<string, Json> }),
    expect: placeSnapshots(data.expect as Json, join(dirname(file.path), 'snapshots')) as Expectation,
    ...(data.otherwise === undefined ? {} : { otherwise: data.otherwise }),
    ...(data.inconclusive === undefined ? {} : { inconclusive: data.inconclusive as Expectation }),
    capture: data.capture ?? {},
    ...(says === undefined ? {} : { says }),
    hint: (data.hint ?? []).map(({ when: condition, fix, ...rest }) => ({
      ...rest,
      fix: fix ?? [],
      ...(condition === undefined ? {} : { when: condition as Expectation }),
    })),
    examples: data.examples ?? [],
    replaces: data.replaces ?? false,
    source: { file: file.path, line, at },
  };
}
