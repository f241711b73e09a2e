import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { probes } from '../probes/index.ts';
import { packageRoot } from '../support/package-root.ts';
import { type CompiledSuite, recall } from '../scenario/compiled.ts';
import type { ScenarioFile } from '../scenario/load.ts';
import { orderByNeeds } from '../scenario/order.ts';
import { formatProblem, type Problem } from '../scenario/problem.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import { UserError } from '../support/user-error.ts';

export interface SuiteOptions {
  spec: readonly string[];
  defaultSpecs: boolean;
}

export interface Suite {
  files: ScenarioFile[];
  /** In the order of their needs. */
  scenarios: Scenario[];
  problems: Problem[];
}

const defaultFolder = join(packageRoot, 'specs');

/** Reads the default suite and the user's own. Throws {@link UserError} for a path that cannot be read. */
export async function readSuite({ spec, defaultSpecs }: SuiteOptions): Promise<Suite> {
  const files: ScenarioFile[] = [];
  for (const path of defaultSpecs ? [defaultFolder, ...spec] : spec)
    files.push(...(await readScenarioFiles(path)));
  const compiled = await recallDefault(files);
  const parsed = files.filter((file) => !compiled.has(file));
  // What was compiled was checked then; the parser is not even read where nothing is left for it.
  if (parsed.length === 0)
    return { files, scenarios: orderByNeeds([...compiled.values()].flat()), problems: [] };
  const { loadScenarios } = await import('../scenario/load.ts');
  const { applyReplacements, checkSuite } = await import('../scenario/suite.ts');
  const loaded = loadScenarios(parsed, { probes });
  const scenarios = applyReplacements([...[...compiled.values()].flat(), ...loaded.scenarios]);
  const problems = [...loaded.problems, ...checkSuite(scenarios, loaded.unread)];
  return { files, scenarios: problems.length === 0 ? orderByNeeds(scenarios) : scenarios, problems };
}

/**
 * The files of the default suite with their scenarios, which were found to be without problems when the package was
 * built; none unless all of them are as they were then.
 */
export async function recallDefault(files: readonly ScenarioFile[]): Promise<Map<ScenarioFile, Scenario[]>> {
  const own = files.filter(({ path }) => resolve(path).startsWith(`${defaultFolder}/`));
  let compiled: CompiledSuite;
  try {
    // Beside the bundle; a run from source has none.
    compiled = JSON.parse(await readFile(new URL('specs.json', import.meta.url), 'utf8')) as CompiledSuite;
  } catch {
    return new Map();
  }
  const recalled = own.map((file) => [file, recall(compiled, defaultFolder, file)] as const);
  const whole = recalled.length === Object.keys(compiled.files).length;
  const known = recalled.filter((pair): pair is readonly [ScenarioFile, Scenario[]] => pair[1] !== null);
  return whole && known.length === recalled.length ? new Map(known) : new Map();
}

/** As {@link readSuite}, for a run: problems end it. */
export async function readSuiteToRun(options: SuiteOptions): Promise<Scenario[]> {
  const { files, scenarios, problems } = await readSuite(options);
  if (problems.length > 0) {
    const texts = new Map(files.map(({ path, text }) => [path, text]));
    const all = problems.map((problem) => formatProblem(problem, texts.get(problem.file) ?? '')).join('\n');
    throw new UserError(`the scenarios have problems; nothing was run\n\n${all}`);
  }
  if (scenarios.length === 0) throw new UserError('there is no scenario to run');
  await refuseWritable(files.filter(({ path }) => !path.startsWith(`${defaultFolder}/`)));
  return scenarios;
}

/** A scenario is a program that runs as root: nobody but root and the user may have written it. Throws {@link UserError}. */
async function refuseWritable(files: readonly ScenarioFile[]): Promise<void> {
  // Under sudo the user's own files are the user's.
  const mine = [0, process.getuid?.() ?? 0, Number(process.env['SUDO_UID'] ?? 0)];
  for (const { path } of files) {
    const { uid, mode } = await stat(path);
    if (!mine.includes(uid))
      throw new UserError(
        `${path} belongs to another user (${uid}): scenarios run commands as you, so only you or root may own them`,
      );
    if ((mode & 0o022) !== 0)
      throw new UserError(
        `${path} can be written by others: scenarios run commands as you; first: chmod go-w ${quoteIfNeeded(path)}`,
      );
  }
}

/** The scenario files at a path, sorted by name; those of the default suite know their stage by their folder. */
export async function readScenarioFiles(path: string): Promise<ScenarioFile[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ path, text: await readFile(path, 'utf8') }];
    const names = (await readdir(path, { recursive: true })).filter((name) => /\.ya?ml$/.test(name)).sort();
    return await Promise.all(
      names.map(async (name) => {
        const file = join(path, name);
        const stage = basename(join(file, '..'));
        return { path: file, text: await readFile(file, 'utf8'), ...(isStage(stage) ? { stage } : {}) };
      }),
    );
  } catch (error) {
    throw new UserError(`cannot read scenarios: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const stages = ['client', 'network', 'ssh', 'nix', 'build', 'fleet'] as const;

function isStage(name: string): name is (typeof stages)[number] {
  return stages.some((stage) => stage === name);
}
