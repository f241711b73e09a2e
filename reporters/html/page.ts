/** The script of the HTML page: details of a cell, filters, keyboard, copy. Texts only ever become text nodes. */
import { formsOf } from '../../src/report/fix-forms.ts';
import type { FixStep, ReportCheck } from '../../src/generated/types.ts';

interface Row {
  name: string;
  uri: string;
  checks: ReportCheck[];
}

const rows = JSON.parse(byId('data').textContent) as Row[];
const detail = byId('detail') as HTMLDialogElement;
const matrix = document.getElementById('matrix') as HTMLTableElement | null;
const filters = byId('filters') as HTMLFormElement;

function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no #${id}`);
  return found;
}

function element(name: string, className: string, ...content: (Node | string)[]): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

// Copying

function copyButton(text: string): HTMLElement {
  const button = element('button', 'copy', 'Copy') as HTMLButtonElement;
  button.type = 'button';
  button.addEventListener('click', () => {
    const done = (word: string): void => {
      button.textContent = word;
      setTimeout(() => (button.textContent = 'Copy'), 1500);
    };
    void navigator.clipboard.writeText(text).then(
      () => done('Copied'),
      () => done('Select it and copy by hand'),
    );
  });
  return button;
}

function code(text: string): HTMLElement {
  return element('div', 'code', element('pre', '', text), copyButton(text));
}

for (const block of document.querySelectorAll<HTMLElement>('.trouble .code:not(.gone)'))
  block.append(copyButton(block.textContent));

// Details of one check

function part(label: string, ...content: (Node | string)[]): HTMLElement[] {
  return [element('dt', '', label), element('dd', 'text', ...content)];
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** What is short needs no box to copy it from. */
function plainOrCode(value: unknown): Node | string {
  const text = shown(value);
  return text.length < 60 && !text.includes('\n') ? text : code(text);
}

function fixNodes(step: FixStep): Node {
  const { on, says } = step;
  const head = `on ${on === 'client' ? 'this machine' : 'the builder'}${says === undefined ? '' : `: ${says}`}`;
  const forms = formsOf(step).flatMap(({ label, parts }) => [
    ...(label === '' ? [] : [element('p', 'system', label)]),
    ...parts.flatMap(({ head: where, kind, text }) => [
      ...(where === '' ? [] : [element('p', '', where)]),
      kind === 'old' ? element('div', 'code gone', element('pre', '', text)) : code(text),
    ]),
  ]);
  return element('li', '', head, ...forms);
}

function details(check: ReportCheck): HTMLElement[] {
  const { observation, mismatches = [], advice } = check;
  const { cause, fix = [], see } = advice ?? check;
  const list = element('ol', 'fix', ...fix.map(fixNodes));
  const value = observation?.value === undefined ? [] : part('Value', code(shown(observation.value)));
  return [
    ...part('Outcome', check.outcome),
    ...part(advice === undefined ? 'Found' : 'Advice', check.message),
    ...(cause === undefined ? [] : part('Cause', cause)),
    ...(fix.length === 0 ? [] : part('Fix', list)),
    ...(see === undefined ? [] : part('Read on', see)),
    ...(check.blockedBy === undefined ? [] : part('Waits for', check.blockedBy)),
    ...(check.waived === undefined ? [] : part('Waived', check.waived.reason)),
    ...mismatches.flatMap(({ path, matcher, message, expected, actual }) => [
      ...part(`Not as expected: ${path} (${matcher})`, message),
      ...(expected === undefined ? [] : part('Expected', plainOrCode(expected))),
      ...(actual === undefined ? [] : part('Actual', plainOrCode(actual))),
    ]),
    ...(check.byHand === undefined ? [] : part('To type on this machine', code(check.byHand))),
    ...(observation?.command === undefined
      ? []
      : part(`Command on the ${observation.target}`, code(observation.command))),
    ...(observation?.probe === undefined ? [] : part('Built-in probe', observation.probe)),
    ...(observation?.exitCode === undefined ? [] : part('Exit code', String(observation.exitCode))),
    ...(observation?.error === undefined ? [] : part('Could not be measured', observation.error.message)),
    ...(observation?.stdout ? part('Standard output', code(observation.stdout)) : []),
    ...(observation?.stderr ? part('Standard error', code(observation.stderr)) : []),
    ...value,
    ...(check.tags === undefined ? [] : part('Tags', check.tags.join(', '))),
    ...part('Time', `${check.durationMs} ms`),
    ...(check.source === undefined ? [] : part('Scenario', `${check.source.file}:${check.source.line}`)),
  ];
}

function open(at: string): void {
  const [row = 0, index = 0] = at.split('.').map(Number);
  const check = rows[row]?.checks[index];
  if (check === undefined) return;
  byId('detail-head').textContent = `${rows[row]?.name ?? ''}: ${check.title}`;
  byId('detail-body').replaceChildren(element('dl', '', ...details(check)));
  history.replaceState(null, '', `#${at}`);
  detail.showModal();
  detail.scrollTop = 0;
}

document.addEventListener('click', ({ target }) => {
  if (target === detail) detail.close();
  if (!(target instanceof HTMLElement)) return;
  const at = target.closest<HTMLElement>('.cell')?.dataset['at'];
  if (at !== undefined) open(at);
});
byId('close').addEventListener('click', () => detail.close());
detail.addEventListener('close', () => history.replaceState(null, '', location.pathname + location.search));

// Moving about in the matrix with the arrow keys: one stop for Tab, as in a grid

const cells = [...(matrix?.tBodies[0]?.rows ?? [])].map((row) => [...row.cells]);

function buttonAt(row: number, column: number): HTMLButtonElement | null {
  return cells[row]?.[column]?.querySelector('button') ?? null;
}

function enter(button: HTMLButtonElement): void {
  matrix?.querySelector('button[tabindex="0"]')?.setAttribute('tabindex', '-1');
  button.tabIndex = 0;
  button.focus();
}

matrix?.querySelector<HTMLButtonElement>('tbody button')?.setAttribute('tabindex', '0');
matrix?.addEventListener('keydown', (event) => {
  const steps: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const step = steps[event.key];
  const cell = (event.target as HTMLElement).closest('td');
  if (step === undefined || cell === null) return;
  event.preventDefault();
  let row = cells.findIndex((own) => own.includes(cell));
  let column = cell.cellIndex;
  for (;;) {
    row += step[0];
    column += step[1];
    if (cells[row]?.[column] === undefined) return;
    const next = buttonAt(row, column);
    if (next !== null && next.offsetParent !== null) {
      enter(next);
      return;
    }
  }
});

// Filters

function filter(): void {
  const host = (byId('host') as HTMLInputElement).value.trim().toLowerCase();
  const stage = (byId('stage') as HTMLSelectElement).value;
  const cause = (byId('cause') as HTMLSelectElement).value;
  // The page has no such filter if no scenario has a tag.
  const tag = (document.getElementById('tag') as HTMLSelectElement | null)?.value ?? '';
  const isTagged = ({ dataset }: HTMLElement): boolean =>
    tag === '' || (dataset['tags'] ?? '').split(' ').includes(tag);
  const chosen = new Set(
    [...filters.querySelectorAll<HTMLInputElement>('input[name="outcome"]:checked')].map(
      ({ value }) => value,
    ),
  );
  const wanted = ({ name, uri, checks }: Row): boolean =>
    `${name} ${uri}`.toLowerCase().includes(host) &&
    (cause === '' || checks.some((check) => check.cause === cause)) &&
    checks.some(
      (check) =>
        chosen.has(check.outcome) &&
        (stage === '' || check.stage === stage) &&
        (tag === '' || check.tags?.includes(tag) === true),
    );
  const unhealthyOnly = (byId('unhealthy') as HTMLInputElement).checked;
  let count = 0;
  for (const row of matrix?.tBodies[0]?.rows ?? []) {
    const own = rows[Number(row.dataset['row'])];
    const healthy = row.querySelector('th.healthy') !== null;
    row.hidden = own === undefined || !wanted(own) || (unhealthyOnly && healthy);
    if (!row.hidden) count += 1;
  }
  const [stageHeads, scenarioHeads] = [...(matrix?.tHead?.rows ?? [])].map((row) => [...row.cells]);
  const isLeftOut = (head: HTMLElement | undefined): boolean =>
    head?.dataset['stage'] !== undefined &&
    ((stage !== '' && head.dataset['stage'] !== stage) || !isTagged(head));
  const leftOut = (scenarioHeads ?? []).map(isLeftOut);
  for (const row of [matrix?.tHead?.rows[1], ...(matrix?.tBodies[0]?.rows ?? [])])
    for (const cell of row?.cells ?? []) cell.hidden = leftOut[cell.cellIndex] === true;
  for (const head of stageHeads ?? []) {
    const own = head.dataset['stage'];
    if (own === undefined) continue;
    const left = scenarioHeads?.filter((cell) => cell.dataset['stage'] === own && !cell.hidden).length ?? 0;
    head.hidden = left === 0;
    head.colSpan = Math.max(1, left);
  }
  for (const item of document.querySelectorAll<HTMLElement>('.client li')) item.hidden = !isTagged(item);
  for (const button of document.querySelectorAll<HTMLElement>('.cell')) {
    const outcome = [...button.classList].find((name) => name !== 'cell') ?? '';
    button.style.visibility = chosen.has(outcome) ? '' : 'hidden';
  }
  for (const trouble of document.querySelectorAll<HTMLElement>('.trouble')) {
    const names = [...trouble.querySelectorAll('.name')].map(({ textContent }) => textContent.toLowerCase());
    trouble.hidden =
      (cause !== '' && trouble.dataset['cause'] !== cause) ||
      !isTagged(trouble) ||
      !names.some((name) => name.includes(host));
  }
  byId('shown').textContent = matrix === null ? '' : `${count} of ${cells.length} builders shown`;
}

filters.hidden = false;
filters.addEventListener('input', filter);
filters.addEventListener('submit', (event) => event.preventDefault());
byId('theme').addEventListener('click', () => {
  const { documentElement: root } = document;
  const now =
    root.dataset['theme'] ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  root.dataset['theme'] = now === 'dark' ? 'light' : 'dark';
});
filter();
if (/^#\d+\.\d+$/.test(location.hash)) open(location.hash.slice(1));
