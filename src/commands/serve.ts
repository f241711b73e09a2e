import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { execFile } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import type { Report } from '../generated/types.ts';
import type { Filter } from '../engine/plan.ts';
import { prometheusLabel } from '../report/escape/prometheus.ts';
import { oneLine } from '../report/escape/visible.ts';
import { render } from '../report/render.ts';
import { newNotes } from '../cli/new-notes.ts';
import { pause, wakeUp } from '../cli/pause.ts';
import { runChecks, type RunOptions } from '../setup/run-checks.ts';
import { print } from '../cli/print.ts';
import { UserError } from '../support/user-error.ts';
import type { RenderOptions } from '../report/render-options.ts';
import { readInterval } from '../setup/read-options.ts';

export interface ServeOptions extends RunOptions {
  listen: string;
  interval: string;
}

/** What is known: the last report, and why the last run made none. */
interface State {
  report: Report | null;
  problem: string | null;
  runs: number;
  failures: number;
  /** What each --include and --exclude found in the last run that made a report. */
  filters: readonly Filter[];
}

const plain: RenderOptions = { color: false, verbosity: 0, width: 100 };

/**
 * `serve`: checks again and again, one run at a time, and answers from the last report: /healthz, /report.json,
 * /metrics and the page at /. Nothing can be changed through it. Ends at SIGTERM or SIGINT; SIGHUP checks at once.
 */
export async function serve(options: ServeOptions, version: string): Promise<number> {
  const intervalMs = readInterval(options.interval, '--interval');
  const { host, port } = readListen(options.listen);
  const state: State = { report: null, problem: 'no run has ended yet', runs: 0, failures: 0, filters: [] };
  const stop = new AbortController();
  const server = createServer((request, response) => void answer(request, response, state));
  await listening(server, host, port);
  const address = server.address() as AddressInfo;
  print(`listening on http://${host}:${address.port}/, checking every ${options.interval}`, process.stderr);

  const wake = new EventTarget();
  const end = (): void => stop.abort();
  const hangup = (): void => wakeUp(wake);
  process.on('SIGTERM', end).on('SIGINT', end).on('SIGHUP', hangup);
  notifySystemd('--ready');
  const onNotes = newNotes();
  try {
    while (!stop.signal.aborted) {
      await runOnce(options, version, state, onNotes, stop.signal);
      notifySystemd('WATCHDOG=1');
      await pause(jittered(intervalMs), wake, stop.signal);
    }
  } finally {
    process.off('SIGTERM', end).off('SIGINT', end).off('SIGHUP', hangup);
    server.closeAllConnections();
    server.close();
  }
  return 0;
}

/** A machines file that cannot be read now is no reason to end: what was known stays, and the problem is told. */
async function runOnce(
  options: RunOptions,
  version: string,
  state: State,
  onNotes: (notes: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { report, filters } = await runChecks(options, {
      version,
      signal,
      repeats: true,
      onNotes,
      onEvent: () => undefined,
    });
    if (signal.aborted) return;
    state.report = report;
    state.filters = filters;
    state.problem = null;
    state.runs += 1;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    state.failures += 1;
    state.problem = error.message;
    print(`no report: ${error.message}`, process.stderr);
  }
}

const headers = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

interface Answer {
  status: number;
  type: string;
  text: string;
  /** Seconds after which a browser asks again. */
  refresh?: number;
}

async function answer(
  { method, url = '/' }: IncomingMessage,
  response: ServerResponse,
  state: State,
): Promise<void> {
  const reading = method === 'GET' || method === 'HEAD';
  const { status, type, text, refresh } = reading
    ? await answerTo(url.split('?')[0] ?? '/', state)
    : { status: 405, type: 'text/plain', text: 'only GET and HEAD\n' };
  response.writeHead(status, {
    ...headers,
    'content-type': `${type}; charset=utf-8`,
    ...(reading ? {} : { allow: 'GET, HEAD' }),
    ...(refresh === undefined ? {} : { refresh: String(refresh) }),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

async function answerTo(path: string, state: State): Promise<Answer> {
  const { report, problem } = state;
  const words = (status: number, text: string): Answer => ({
    status,
    type: 'text/plain',
    text: `${oneLine(text)}\n`,
  });
  if (path === '/metrics')
    return { status: 200, type: 'text/plain; version=0.0.4', text: await metrics(state) };
  if (path === '/healthz') {
    const verdict = problem ?? report?.summary.verdict ?? 'unknown';
    const lost = lostIncludes(state);
    return words(verdict === 'healthy' && lost === '' ? 200 : 503, `${verdict}${lost}`);
  }
  if (path !== '/' && path !== '/report.json')
    return words(404, 'there are /, /healthz, /metrics, /report.json');
  if (report === null) return words(503, problem ?? '');
  return path === '/'
    ? { status: 200, type: 'text/html', text: await render(report, 'html', plain), refresh: 60 }
    : { status: 200, type: 'application/json', text: await render(report, 'json', plain) };
}

/** Builders that should be watched and are not in the machines file, for the end of a verdict. */
function lostIncludes({ filters }: State): string {
  const lost = filters.filter(({ option, builders }) => option === 'include' && builders.length === 0);
  return lost.length === 0
    ? ''
    : `; no builder for ${lost.map(({ pattern }) => `--include ${pattern}`).join(', ')}`;
}

/** The report's metrics, if there is one, and those of the server itself. */
async function metrics({ report, problem, runs, failures, filters }: State): Promise<string> {
  return `${report === null ? '' : await render(report, 'prometheus', plain)}# HELP nix_remote_builders_doctor_runs_total Runs that made a report.
# TYPE nix_remote_builders_doctor_runs_total counter
nix_remote_builders_doctor_runs_total ${runs}
# HELP nix_remote_builders_doctor_failures_total Runs that made no report, e.g. for a machines file that cannot be read.
# TYPE nix_remote_builders_doctor_failures_total counter
nix_remote_builders_doctor_failures_total ${failures}
# HELP nix_remote_builders_doctor_stale Whether the last run made no report (1), so that the figures are old.
# TYPE nix_remote_builders_doctor_stale gauge
nix_remote_builders_doctor_stale ${problem === null ? 0 : 1}
${filterMetrics(filters)}`;
}

/** How many builders each filter finds: none is a builder that is gone, or a name that is wrong. */
function filterMetrics(filters: readonly Filter[]): string {
  const name = 'nix_remote_builders_doctor_filter_builders';
  const series = filters.map(
    ({ option, pattern, builders }) =>
      `${name}{option="${option}",pattern="${prometheusLabel(oneLine(pattern))}"} ${builders.length}\n`,
  );
  // The same twice would spoil the whole scrape.
  return series.length === 0
    ? ''
    : `# HELP ${name} Builders that an --include or --exclude finds in the machines file.\n# TYPE ${name} gauge\n${[...new Set(series)].join('')}`;
}

/** A fleet of doctors that start together should not check together. Up to a tenth more. */
function jittered(ms: number): number {
  return ms * (1 + Math.random() * 0.1);
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(new UserError(`cannot listen on ${host}:${port}: ${error.message}`)),
    );
    server.listen(port, host, resolve);
  });
}

/** Tells systemd, where it asked (`Type=notify`). */
function notifySystemd(word: string): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  execFile('systemd-notify', [word], () => undefined);
}

function readListen(text: string): { host: string; port: number } {
  const [, host, port] = /^(?:\[?([0-9a-zA-Z.:-]+?)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > 65535)
    throw new UserError(`--listen wants ADDRESS:PORT or PORT, not "${text}"`);
  return { host: host ?? '127.0.0.1', port: Number(port) };
}
