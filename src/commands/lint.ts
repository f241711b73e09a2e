import { resolve } from 'node:path';
import { probes } from '../probes/index.ts';
import type { ScenarioFile } from '../scenario/load.ts';
import { formatProblem, type Problem } from '../scenario/problem.ts';
import { print } from '../cli/print.ts';
import { readScenarioFiles, readSuite, recallDefault } from '../setup/suite.ts';

/** `lint PATH...`: prints every problem of every file; 0 when there is none, else 2. */
export async function lint(paths: readonly string[], options: { format: string }): Promise<number> {
  const files = (await Promise.all(paths.map(readScenarioFiles))).flat();
  const known = await recallDefault(files);
  const unknown = files.filter((file) => !known.has(file));
  const problems = unknown.length === 0 ? [] : await findProblems(unknown);
  if (options.format === 'json') {
    process.stdout.write(`${JSON.stringify({ files: files.length, problems }, null, 2)}\n`);
  } else {
    const texts = new Map(files.map(({ path, text }) => [path, text]));
    for (const problem of problems) print(formatProblem(problem, texts.get(problem.file) ?? ''));
    const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
    print(`${count(files.length, 'file')}, ${count(problems.length, 'problem')}`, process.stderr);
  }
  return problems.length === 0 ? 0 : 2;
}

async function findProblems(files: readonly ScenarioFile[]): Promise<Problem[]> {
  const { lintScenarios } = await import('../scenario/lint.ts');
  // A custom suite may need scenarios of the default one.
  const { scenarios } = await readSuite({ spec: [], defaultSpecs: true });
  const own = new Set(files.map(({ path }) => resolve(path)));
  const others = scenarios.filter(({ source }) => !own.has(resolve(source.file)));
  return lintScenarios(files, others, probes);
}
