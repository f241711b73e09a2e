/** `tsx scripts/terminal-picture.ts COMMAND… `: runs it in a terminal (tmux) and pictures what that shows, as docs/images/terminal.png. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBrowser } from '../test/report/browser.ts';

const [columns, rows] = [110, 70];
const session = `picture-${process.pid}`;
const tmux = (...args: string[]): string =>
  execFileSync('tmux', ['-L', session, '-f', '/dev/null', ...args], { encoding: 'utf8' });

const colors: Readonly<Record<string, string>> = {
  '31': '#ff7b72',
  '32': '#7ee787',
  '33': '#e3b341',
  '36': '#79c0ff',
  '90': '#8b949e',
  '1': 'bold',
};

/** What tmux captures holds no escape but those of colour. */
function html(captured: string): string {
  const escaped = captured.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  const spans = escaped.replace(/\x1b\[([\d;]*)m/g, (_, codes: string) => {
    const own = codes.split(';').flatMap((code) => colors[code] ?? []);
    const style = own.map((value) => (value === 'bold' ? 'font-weight:bold' : `color:${value}`)).join(';');
    return /^(0|39)?$/.test(codes) || own.length === 0 ? '</span><span>' : `</span><span style="${style}">`;
  });
  return `<body style="margin:0;background:#0d1117"><pre style="margin:0;padding:18px;display:inline-block;color:#e6edf3;font:14px/1.3 'DejaVu Sans Mono'"><span>${spans}</span></pre></body>`;
}

tmux(
  'new-session',
  '-d',
  '-x',
  String(columns),
  '-y',
  String(rows),
  `${process.argv.slice(2).join(' ')} 2>/dev/null; sleep 100`,
);
try {
  let shown = '';
  for (let waited = 0; waited < 120 && !/ in \d+\.\d s/.test(shown); waited += 1) {
    await sleep(500);
    shown = tmux('capture-pane', '-e', '-p');
  }
  const browser = await startBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 900, height: 600 }, deviceScaleFactor: 1.5 });
    await page.setContent(html(shown.trimEnd()));
    await page.locator('pre').screenshot({ path: 'docs/images/terminal.png' });
  } finally {
    await browser.close();
  }
} finally {
  tmux('kill-server');
}
