import { createHash } from 'node:crypto';
import { relative, resolve } from 'node:path';
import type { ScenarioFile } from './load.ts';
import type { Scenario } from './scenario.ts';

/**
 * The default suite as it was read and checked when the package was built, so that a run need not parse it. A file
 * counts only while its text is the one that was read then.
 */
export interface CompiledSuite {
  /** By the path below the suite's folder. */
  files: Record<string, { sha256: string; scenarios: CompiledScenario[] }>;
}

type CompiledScenario = Omit<Scenario, 'source'> & { line: number };

/** What {@link recall} brings back. The scenarios must be free of problems. */
export function compile(
  folder: string,
  files: readonly ScenarioFile[],
  scenarios: readonly Scenario[],
): CompiledSuite {
  return {
    files: Object.fromEntries(
      files.map(({ path, text }) => [
        relative(folder, path),
        {
          sha256: sha256(text),
          scenarios: scenarios
            .filter(({ source }) => source.file === path)
            .map(({ source, ...rest }) => ({ ...rest, line: source.line })),
        },
      ]),
    ),
  };
}

/** The scenarios of the file, or null where it is not the one that was compiled. They know their line, but no place within. */
export function recall(
  { files }: CompiledSuite,
  folder: string,
  { path, text }: ScenarioFile,
): Scenario[] | null {
  const found = files[relative(folder, resolve(path))];
  if (found?.sha256 !== sha256(text)) return null;
  return found.scenarios.map(({ line, ...scenario }) => ({
    ...scenario,
    source: { file: path, line, at: () => ({ line, column: 1, endColumn: 2 }) },
  }));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
