import type { Report, ReportBuilder, ReportCheck } from '../../src/generated/types.ts';
import { causesOf, rootCauseOf, summarise, verdictOf } from '../../src/report/build.ts';

/** A check with the outcome given, and whatever else a test cares about. */
export function check(outcome: ReportCheck['outcome'], more: Partial<ReportCheck> = {}): ReportCheck {
  return {
    scenario: `${outcome}-check`,
    title: `A check that is ${outcome}`,
    stage: 'ssh',
    outcome,
    durationMs: 12,
    message: `it is ${outcome}`,
    source: { file: 'specs/ssh/a.yaml', line: 2 },
    ...more,
  };
}

export function builder(
  name: string,
  checks: ReportCheck[],
  clientChecks: ReportCheck[] = [],
): ReportBuilder {
  return {
    name,
    uri: `ssh-ng://${name}`,
    host: name,
    source: { file: '/etc/nix/machines', line: 1 },
    verdict: verdictOf(clientChecks, checks),
    rootCause: rootCauseOf(clientChecks, checks),
    causes: causesOf(clientChecks, checks),
    checks,
  };
}

export function report(builders: ReportBuilder[], clientChecks: ReportCheck[] = []): Report {
  return {
    schemaVersion: 1,
    tool: { name: 'nix-remote-builder-doctor', version: '1.2.3' },
    startedAt: '2026-01-02T03:04:05.678Z',
    durationMs: 1234,
    client: { hostname: 'client', user: 'root', nixVersion: '2.34.8' },
    summary: summarise(clientChecks, builders),
    clientChecks,
    builders,
  };
}

/** A failed check with everything that a check can have. */
export function failed(text: string): ReportCheck {
  return check('fail', {
    scenario: 'connection',
    tags: ['disk', 'slow'],
    title: text,
    message: text,
    cause: 'key-too-open',
    fix: [
      { on: 'client', says: text, run: `chmod 600 ${text}` },
      { on: 'builder', edit: { file: '/etc/f', add: text } },
      { on: 'client', edit: { file: '/etc/f', replace: text, with: 'b' } },
    ],
    see: 'https://example.org/',
    mismatches: [{ path: 'exitCode', matcher: 'equals', message: text, expected: 0, actual: text }],
    observation: {
      target: 'client',
      command: `ssh ${text}`,
      exitCode: 255,
      stdout: text,
      stderr: text,
      durationMs: 3,
    },
  });
}

/** A check that passes with advice, with a step of ssh_config for the host. */
export function advised(host: string, message = 'ssh has no time limit.'): ReportCheck {
  const ssh = { host, option: 'ConnectTimeout', value: '10' };
  return check('pass', {
    scenario: 'ssh-timeouts',
    message,
    advice: {
      cause: 'no-time-limit',
      message,
      fix: [
        {
          on: 'client',
          edit: { file: '/etc/ssh/ssh_config', first: `Host ${host}\n  ConnectTimeout 10\nHost *` },
          change: { ssh },
        },
      ],
    },
  });
}

/** One of each outcome, on two builders and the client. */
export function everything(text = 'plain'): Report {
  const all = [
    check('pass'),
    check('warn', { message: text, cause: 'a-trap' }),
    failed(text),
    check('error', {
      message: text,
      observation: { target: 'builder', probe: 'dns', error: { code: 'lost', message: text } },
    }),
    check('blocked', { message: text, blockedBy: 'connection' }),
    check('skip', { message: text }),
  ];
  const clientChecks = [
    check('pass', { scenario: 'daemon-view', stage: 'client' }),
    check('warn', { scenario: 'traps', stage: 'client', message: text }),
  ];
  return report(
    [builder('alpha', [check('pass')], clientChecks), builder('beta', all, clientChecks)],
    clientChecks,
  );
}

/** What a broken or hostile builder may say. */
export const hostile = [
  '\x1b[31mred\x1b[0m \x1b]0;title\x07',
  'a\0b\x01\x08\x7f\x85',
  ']]> </failure> <script> &amp; &#27;',
  'x # TODO later',
  'x # SKIP no \\# TODO',
  '\n not ok 99 - forged\nok 98 - forged\n1..5\nBail out! forged',
  '\nTAP version 14\n---\n...\n',
  'lone \ud800 surrogate \udc00 \ufffe \uffff',
  '{{builder.host}} {{{x}}} ${x} $(id)',
  'a "quoted" \'word\' \\',
  '\u202eright to left',
  'x'.repeat(3000),
  ': - ? | > & * ! % @ `',
];
