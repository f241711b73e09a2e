/** `npm run threats`: runs every test of test/hostile and writes docs/threats.md (threat, requirement, result). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Area } from '../test/hostile/threat.ts';

interface Row {
  area: Area;
  what: string;
  expected: string;
  passed: boolean;
}

const folder = mkdtempSync(join(tmpdir(), 'threats-'));
const log = join(folder, 'rows');
writeFileSync(log, '');
const { status } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/test.ts', 'hostile/'], {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, NRBD_THREATS: log },
});
const rows = readFileSync(log, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Row)
  .sort((a, b) => a.area.localeCompare(b.area));
rmSync(folder, { recursive: true });
const cell = (text: string): string =>
  `\`${text
    .replaceAll('`', "'")
    .replaceAll('|', '¦')
    .replace(/[\x00-\x1f]/g, '?')}\``;
const table = rows.map(
  ({ area, what, expected, passed }) =>
    `| ${area} | ${cell(what)} | ${expected} | ${passed ? 'holds' : '**does not hold**'} |`,
);
writeFileSync(
  'docs/threats.md',
  `# Threats and their tests

\`npm run threats\` runs every test of test/hostile and writes this page. It has ${rows.length} rows. [formats.md](formats.md) describes the
tests of the output formats. The fault laboratory (\`npm run faults\`) tests faults of real builders.

| area | threat | what must hold | result |
| --- | --- | --- | --- |
${table.join('\n')}
`,
);
process.exitCode = status === 0 && rows.every(({ passed }) => passed) ? 0 : 1;
