import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Report, ReportMismatch } from '../generated/types.ts';
import type { Json } from '../scenario/observation.ts';
import { snapshotText } from '../scenario/matchers/snapshot.ts';
import { writeWhole } from './output.ts';

/**
 * `--update-snapshots`: writes what was seen to the files of all snapshots that differ from it or are not there yet, and
 * returns a line for each. Throws {@link UserError} where one cannot be written.
 */
export async function updateSnapshots(report: Report): Promise<string[]> {
  const lines: string[] = [];
  const written = new Map<string, string>();
  for (const { scenario, mismatches = [], observation } of allChecks(report)) {
    for (const { file, actual } of mismatches.filter(isSnapshot)) {
      if (observation?.truncated === true) {
        lines.push(
          `snapshot ${file}: not written, for the output of ${scenario} is too long to be kept whole`,
        );
        continue;
      }
      const text = snapshotText(actual);
      const other = written.get(file);
      if (other === text) continue;
      if (other !== undefined) {
        lines.push(
          `snapshot ${file}: builders differ, and the first was kept; name it after the builder: '{{builder.host}}.txt'`,
        );
        continue;
      }
      await mkdir(dirname(file), { recursive: true });
      await writeWhole(file, [text]);
      written.set(file, text);
      lines.push(`snapshot ${file}: written; the next run compares with it`);
    }
  }
  return lines;
}

function allChecks({ clientChecks, builders }: Report): Report['clientChecks'] {
  return [...clientChecks, ...builders.flatMap(({ checks }) => checks)];
}

function isSnapshot(mismatch: ReportMismatch): mismatch is ReportMismatch & { file: string; actual: Json } {
  return mismatch.matcher === 'snapshot' && mismatch.file !== undefined && mismatch.actual !== undefined;
}
