/**
 * `tsx scripts/screenshots.ts [REPORT.json]`: pictures of the HTML report into docs/images, from a run on the demo's
 * real builders (or the report given). The two hundred builders are copies of those, under other names.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '../src/generated/types.ts';
import { summarise } from '../src/report/build.ts';
import { render } from '../src/report/render.ts';
import { startBrowser } from '../test/report/browser.ts';

const folder = 'docs/images';
const temporary = mkdtempSync(join(tmpdir(), 'screenshots-'));

function demoReport(): string {
  const file = join(temporary, 'report.json');
  execFileSync(process.execPath, ['--import', 'tsx', 'scripts/demo.ts', '--report', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return file;
}

function copies(report: Report, count: number): Report {
  const builders = Array.from({ length: count }, (_, index) => {
    const model = report.builders[index % 7 === 3 ? index % report.builders.length : index % 2];
    if (model === undefined) throw new Error('the report has no builder');
    const name = `builder-${String(index + 1).padStart(3, '0')}`;
    return JSON.parse(JSON.stringify(model).replaceAll(model.name, name)) as typeof model;
  });
  return { ...report, builders, summary: summarise(report.clientChecks, builders) };
}

const report = JSON.parse(readFileSync(process.argv[2] ?? demoReport(), 'utf8')) as Report;
const few: Report = { ...report, builders: report.builders.slice(0, 5) };
few.summary = summarise(few.clientChecks, few.builders);
const shots = [
  { name: 'light-5', of: few, dark: false, full: true },
  { name: 'dark-5', of: few, dark: true, full: true },
  { name: 'light-200', of: copies(report, 200), dark: false, full: false },
  { name: 'dark-200', of: copies(report, 200), dark: true, full: false },
];

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
try {
  for (const { name, of, dark, full } of shots) {
    const file = join(temporary, `${name}.html`);
    writeFileSync(file, await render(of, 'html', { color: false, verbosity: 0, width: 100 }));
    const page = await browser.newPage({
      viewport: { width: 1400, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
    });
    await page.goto(pathToFileURL(file).href);
    if (!full) await page.evaluate('document.getElementById("matrix-head").scrollIntoView()');
    await page.screenshot({ path: join(folder, `report-${name}.png`), fullPage: full });
    if (name === 'light-5') {
      await page.locator('.cell.fail').first().click();
      await page.screenshot({ path: join(folder, 'report-detail.png') });
      await page.keyboard.press('Escape');
      await page.evaluate('document.activeElement.blur()');
      await page.emulateMedia({ media: 'print' });
      await page.setViewportSize({ width: 1060, height: 750 });
      await page.screenshot({ path: join(folder, 'report-print.png'), fullPage: true });
    }
    await page.close();
  }
} finally {
  await browser.close();
}
