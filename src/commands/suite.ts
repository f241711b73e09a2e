import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { probes } from '../observe/index.ts';
import { packageRoot } from '../package-root.ts';
import { loadScenarios, type ScenarioFile } from '../scenario/load.ts';
import { orderByNeeds } from '../scenario/order.ts';
import { formatProblem, type Problem } from '../scenario/problem.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { applyReplacements, checkSuite } from '../scenario/suite.ts';
import { quoteIfNeeded } from '../shell-quote.ts';
import { UserError } from './user-error.ts';

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
  const loaded = loadScenarios(files, { probes });
  const scenarios = applyReplacements(loaded.scenarios);
  const problems = [...loaded.problems, ...checkSuite(scenarios, loaded.unread)];
  return { files, scenarios: problems.length === 0 ? orderByNeeds(scenarios) : scenarios, problems };
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
