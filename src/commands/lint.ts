import { probes } from '../observe/index.ts';
import { checkExamples } from '../scenario/examples.ts';
import { loadScenarios } from '../scenario/load.ts';
import { formatProblem } from '../scenario/problem.ts';
import { checkSuite } from '../scenario/suite.ts';
import { say } from './say.ts';
import { readScenarioFiles, readSuite } from './suite.ts';

/** `lint PATH...`: prints every problem of every file; 0 when there is none, else 2. */
export async function lint(paths: readonly string[], options: { format: string }): Promise<number> {
  const files = (await Promise.all(paths.map(readScenarioFiles))).flat();
  const own = loadScenarios(files, { probes });
  // A custom suite may need scenarios of the default one.
  const known = new Set(own.scenarios.map(({ source }) => source.file));
  const others = (await readSuite({ spec: [], defaultSpecs: true })).scenarios.filter(
    ({ id, source }) => !known.has(source.file) && !own.scenarios.some((scenario) => scenario.id === id),
  );
  const problems = [
    ...own.problems,
    ...checkSuite([...others, ...own.scenarios], own.unread).filter(({ file }) =>
      files.some(({ path }) => path === file),
    ),
    ...own.scenarios.flatMap(checkExamples),
  ];
  if (options.format === 'json') {
    process.stdout.write(`${JSON.stringify({ files: files.length, problems }, null, 2)}\n`);
  } else {
    const texts = new Map(files.map(({ path, text }) => [path, text]));
    for (const problem of problems) say(formatProblem(problem, texts.get(problem.file) ?? ''));
    const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;
    process.stderr.write(`${count(files.length, 'file')}, ${count(problems.length, 'problem')}\n`);
  }
  return problems.length === 0 ? 0 : 2;
}
