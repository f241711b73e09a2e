import type { Place } from './scenario.ts';

/** Something that is wrong in a scenario file. */
export interface Problem extends Place {
  severity: 'error';
  /** Stable id, e.g. `unknown-key`. */
  code: string;
  file: string;
  /** What is wrong. */
  what: string;
  /** What to write instead. */
  fix: string;
}

/** `file:line:col: what`, the source line with carets under the place, and what to write instead. */
export function formatProblem(problem: Problem, text: string): string {
  const { file, line, column, endColumn, what, fix } = problem;
  const source = text.split('\n')[line - 1]?.trimEnd() ?? '';
  const number = String(line).padStart(5);
  const carets = '^'.repeat(Math.max(1, Math.min(endColumn, source.length + 1) - column));
  return [
    `${file}:${line}:${column}: ${what}`,
    `${number} | ${source}`,
    `${' '.repeat(number.length)} | ${source.slice(0, column - 1).replace(/[^\t]/g, ' ')}${carets}`,
    ...(fix === '' ? [] : [`${' '.repeat(number.length)} = ${fix}`]),
    '',
  ].join('\n');
}

/** Problems in the order in which a reader meets them. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) =>
      a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column || a.code.localeCompare(b.code),
  );
}
