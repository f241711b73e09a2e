import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import t from 'tap';
import type { Report } from '../../src/generated/types.ts';
import { render } from '../../src/report/render.ts';
import { startBrowser } from './browser.ts';
import { advised, builder, check, everything, failed, hostile, report } from './sample.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const skip = process.env['NRBD_NO_FLEET'] ?? false;

/** Opens the page of a report, and keeps what Chromium complains of. */
async function open(
  browser: Browser,
  folder: string,
  of: Report,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<{ page: Page; complaints: string[]; file: string }> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.html`);
  writeFileSync(file, await render(of, 'html', { color: false, verbosity: 0, width: 100 }));
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(file).href) complaints.push(`asked for ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, file };
}

/** A fleet of this many, every seventh broken. */
function fleet(count: number): Report {
  const stages = ['client', 'network', 'ssh', 'nix', 'build'] as const;
  const scenarios = Array.from({ length: 40 }, (_, index) => ({
    scenario: `scenario-number-${index}`,
    stage: stages[Math.floor(index / 8)] ?? ('fleet' as const),
  }));
  return report(
    Array.from({ length: count }, (_, index) => {
      const broken = index % 7 === 3 ? 10 + (index % 3) : scenarios.length;
      const checks = scenarios.map((one, at) =>
        at < broken
          ? check('pass', one)
          : at === broken
            ? { ...failed(`reason of builder-${index}`), ...one, cause: `cause-${index % 3}` }
            : check('blocked', { ...one, blockedBy: scenarios[broken]?.scenario ?? '' }),
      );
      return builder(`builder-${index}`, checks);
    }),
    [check('pass', { scenario: 'machines-file', stage: 'client' })],
  );
}

const hostileReport = report(
  hostile.map((text, index) =>
    builder(`h${index}-${text.slice(0, 60)}`, everything(text).builders[1]?.checks ?? []),
  ),
  everything('</script><script>document.title="owned"</script><img src=x onerror="document.title=1">')
    .clientChecks,
);

t.test('the HTML page in a real browser', { skip }, async (t) => {
  const browser = await startBrowser();
  const folder = t.testdir();
  t.teardown(() => browser.close());

  for (const [name, of] of [
    ['5 builders', fleet(5)],
    ['200 builders', fleet(200)],
    ['every outcome', everything()],
    ['hostile', hostileReport],
    ['no builders', report([], [check('fail', { cause: 'machines-file-bad-entry' })])],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      if (name === '200 builders' && colorScheme === 'dark') continue;
      t.test(`${name}, ${colorScheme}: axe finds nothing, the console is silent`, async (t) => {
        const { page, complaints } = await open(browser, folder, of, { colorScheme });
        if (of.builders.length < 100) t.same(await audit(page), []);
        const cell = page.locator('button.cell').first();
        if ((await cell.count()) > 0) {
          await cell.click();
          t.same(await audit(page, '#detail'), [], 'with the details open');
        }
        t.same(complaints, []);
        t.match(await page.title(), of.summary.verdict);
        await page.close();
      });
    }
  }

  t.test('the matrix says every outcome, by shape too', async (t) => {
    const of = everything();
    const { page } = await open(browser, folder, of);
    const cells = await page.locator('#matrix tbody tr').nth(1).locator('button').all();
    const seen = cells.map(
      async (cell) => `${await cell.innerText()} ${(await cell.getAttribute('aria-label')) ?? ''}`,
    );
    t.same(await Promise.all(seen), [
      '✓ beta, pass-check: pass',
      '! beta, warn-check: warn',
      '✗ beta, connection: fail',
      '? beta, error-check: error',
      '· beta, blocked-check: blocked',
      '- beta, skip-check: skip',
    ]);
    await page.close();
  });

  t.test('a cell opens its details: command, expected, actual, output, cause, fix', async (t) => {
    const { page } = await open(browser, folder, everything('the words'));
    await page.getByLabel('beta, connection: fail').click();
    const text = await page.locator('#detail').innerText();
    for (const words of [
      'ssh the words',
      'key-too-open',
      'chmod 600 the words',
      'Expected\n0',
      'Actual\nthe words',
      'Standard output',
      'Standard error',
      'Exit code\n255',
    ])
      t.match(text, words);
    t.match(page.url(), /#2\.2$/, 'the address names the cell');
    await page.keyboard.press('Escape');
    t.equal(await page.locator('#detail').isVisible(), false);
    await page.close();
  });

  t.test('a copy button copies the command to the letter', async (t) => {
    const { page } = await open(browser, folder, everything('a  b\t"c"'));
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('.trouble .copy').first().click();
    await page.getByText('Copied').waitFor();
    t.equal(await page.evaluate('navigator.clipboard.readText()'), 'chmod 600 a  b\t"c"');
    await page.close();
  });

  t.test('advice is folded, and opens with its fix for all hosts', async (t) => {
    const names = ['alpha', 'beta'];
    const { page, complaints } = await open(
      browser,
      folder,
      report(names.map((name) => builder(name, [advised(name)]))),
    );
    t.equal(await page.locator('#troubles-head').count(), 0, 'nothing is wrong');
    const advice = page.locator('.trouble.advice');
    t.match(await advice.innerText(), /^ssh has no time limit \(alpha, beta\)$/);
    await advice.locator('summary').click();
    t.match(await advice.innerText(), /Host alpha beta\n +ConnectTimeout 10/);
    t.same(await audit(page), []);
    await page.getByLabel('beta, ssh-timeouts: pass').click();
    t.match(await page.locator('#detail').innerText(), /Advice\nssh has no time limit/);
    t.same(complaints, []);
    await page.close();
  });

  t.test('filters by builder, stage, outcome and cause', async (t) => {
    const of = fleet(30);
    const { page } = await open(browser, folder, of);
    const shown = async (): Promise<number> => page.locator('#matrix tbody tr:visible').count();
    t.equal(await shown(), 30);
    await page.locator('#host').fill('builder-1');
    t.equal(await shown(), 11);
    await page.locator('#host').fill('');
    await page.locator('#unhealthy').check();
    t.equal(await shown(), of.summary.builders.unhealthy);
    await page.locator('#unhealthy').uncheck();
    await page.locator('#cause').selectOption('cause-0');
    const withCause = of.builders.filter(({ rootCause }) => rootCause?.cause === 'cause-0').length;
    t.equal(await shown(), withCause);
    t.equal(await page.locator('.trouble:visible').count(), 1, 'identical causes are one');
    await page.locator('#cause').selectOption('');
    await page.locator('#stage').selectOption('ssh');
    t.equal(await page.locator('#matrix thead th.scenario:visible').count(), 8);
    t.equal(await page.locator('#matrix tbody tr').first().locator('td:visible').count(), 9);
    await page.locator('input[value="pass"]').uncheck();
    const notPassed = of.builders.filter(({ checks }) =>
      checks.some(({ stage, outcome }) => stage === 'ssh' && outcome !== 'pass'),
    ).length;
    t.equal(await shown(), notPassed);
    t.match(await page.locator('#shown').innerText(), `${notPassed} of 30`);
    await page.close();
  });

  t.test('filters by tag: rows, columns, stages and causes', async (t) => {
    const slow = { scenario: 'slow', tags: ['speed', 'disk'] };
    const other = { ...failed('other'), scenario: 'other', stage: 'nix' as const, tags: ['network'] };
    const sample = report(
      [
        builder('alpha', [check('pass'), check('pass', slow), other]),
        builder('beta', [check('pass')]),
        builder('gamma', [check('pass'), { ...failed('too slow'), ...slow }]),
      ],
      [check('pass', { scenario: 'here', tags: ['disk'] }), check('pass', { scenario: 'there' })],
    );
    const { page } = await open(browser, folder, sample);
    const texts = (selector: string): Promise<string[]> =>
      page.locator(`${selector}:visible`).allInnerTexts();
    t.same(await page.locator('#tag option').allInnerTexts(), ['all', 'disk', 'network', 'speed']);
    await page.locator('#tag').selectOption('disk');
    t.same(await texts('#matrix tbody th'), ['alpha', 'gamma']);
    t.same(await texts('#matrix thead th.scenario'), ['slow']);
    t.same(await texts('#matrix thead th.stage'), ['ssh']);
    t.equal(await page.locator('th.stage[data-stage="ssh"]').getAttribute('colspan'), '1');
    t.same(await texts('.trouble .message'), ['too slow']);
    t.match(await texts('.client li'), [/here/]);
    await page.locator('#stage').selectOption('nix');
    t.same(await texts('#matrix tbody th'), [], 'both filters count');
    await page.locator('#stage').selectOption('');
    await page.locator('#tag').selectOption('');
    t.equal((await texts('#matrix thead th.scenario')).length, 3);
    t.equal(await page.locator('th.stage[data-stage="ssh"]').getAttribute('colspan'), '2');
    await page.getByLabel('gamma, slow: fail').click();
    t.match(await page.locator('#detail').innerText(), 'Tags\nspeed, disk');
    await page.close();
    const untagged = await open(browser, folder, fleet(1));
    t.equal(await untagged.page.locator('#tag').count(), 0, 'no filter without tags');
    await untagged.page.close();
  });

  t.test('the keyboard reaches every cell', async (t) => {
    const { page } = await open(browser, folder, fleet(5));
    const first = page.locator('#matrix tbody button').first();
    await first.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowUp');
    const label = await page.evaluate('document.activeElement.ariaLabel');
    t.equal(label, 'builder-0, scenario-number-1: pass');
    t.equal(await page.locator('#matrix tbody button[tabindex="0"]').count(), 1, 'one stop for Tab');
    await page.keyboard.press('Enter');
    t.match(await page.locator('#detail-head').innerText(), 'builder-0');
    await page.close();
  });

  t.test('200 builders of 40 scenarios: heads and names stay in sight while scrolling', async (t) => {
    const { page } = await open(browser, folder, fleet(200));
    await page.locator('#matrix tbody tr').nth(150).scrollIntoViewIfNeeded();
    const row = await page.locator('#matrix tbody tr').nth(150).locator('th').boundingBox();
    const head = await page.locator('#matrix thead th.scenario').nth(5).boundingBox();
    t.ok(
      row !== null && head !== null && head.y >= 0 && row.y > head.y + head.height - 2,
      'the head is above the row',
    );
    const cell = await page.locator('#matrix tbody button').first().boundingBox();
    t.ok(cell !== null && cell.width >= 20 && cell.height >= 20, 'cells are large enough to hit');
    await page.close();
  });

  t.test('without its script the page still says all that matters', async (t) => {
    const { page } = await open(browser, folder, everything('the words'), { javaScriptEnabled: false });
    const text = await page.locator('body').innerText();
    t.match(text, /degraded: 1 of 2/i);
    t.match(text, 'chmod 600 the words');
    t.equal(await page.locator('#filters').isVisible(), false, 'no control that does nothing');
    await page.close();
  });

  t.test('the policy stops any script but its own', async (t) => {
    const { page, file } = await open(browser, folder, everything());
    const html = await render(everything(), 'html', { color: false, verbosity: 0, width: 100 });
    writeFileSync(
      file,
      html.replace('</main>', '<script>document.title="owned"</script><p onclick="1" id="p"></p></main>'),
    );
    await page.reload();
    t.not(await page.title(), 'owned');
    await page.close();
  });

  t.test('on paper: no controls, all causes', async (t) => {
    const { page } = await open(browser, folder, fleet(5));
    await page.emulateMedia({ media: 'print' });
    t.equal(await page.locator('#filters').isVisible(), false);
    t.equal(await page.locator('.copy:visible').count(), 0);
    t.ok(await page.locator('.trouble').first().isVisible());
    await page.close();
  });
});

async function audit(page: Page, within?: string): Promise<string[]> {
  // The page's policy keeps foreign scripts out; the auditor comes through the debugger instead.
  await page.evaluate(readFileSync(axe, 'utf8'));
  const where = within === undefined ? 'document' : JSON.stringify(within);
  const { violations } = await page.evaluate<{
    violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
  }>(`axe.run(${where})`);
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`,
  );
}
