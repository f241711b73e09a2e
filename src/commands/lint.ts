import { resolve } from 'node:path';
import { probes } from '../observe/index.ts';
import { lintScenarios } from '../scenario/lint.ts';
import { formatProblem } from '../scenario/problem.ts';
import { say } from './say.ts';
import { readScenarioFiles, readSuite } from './suite.ts';

/** `lint PATH...`: prints every problem of every file; 0 when there is none, else 2. */
export async function lint(paths: readonly string[], options: { format: string }): Promise<number> {
  const files = (await Promise.all(paths.map(readScenarioFiles))).flat();
  // A custom suite may need scenarios of the default one.
  const { scenarios } = await readSuite({ spec: [], defaultSpecs: true });
  const own = new Set(files.map(({ path }) => resolve(path)));
  const others = scenarios.filter(({ source }) => !own.has(resolve(source.file)));
  const problems = lintScenarios(files, others, probes);
  if (options.format === 'json') {
    process.stdout.write(`${JSON.stringify({ files: files.length, problems }, null, 2)}\n`);
  } else {
    const texts = new Map(files.map(({ path, text }) => [path, text]));
    for (const problem of problems) say(formatProblem(problem, texts.get(problem.file) ?? ''));
    const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
    say(`${count(files.length, 'file')}, ${count(problems.length, 'problem')}`, process.stderr);
  }
  return problems.length === 0 ? 0 : 2;
}
