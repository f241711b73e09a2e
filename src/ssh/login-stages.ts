import { readFile } from 'node:fs/promises';
import { type LoginEvidence, readSshLog } from './debug-log.ts';

export type LoginStage = LoginEvidence['phase'];

/** How long each stage of a login took so far, in milliseconds. */
export type StageTimes = Partial<Record<LoginStage, number>>;

/**
 * A login that stays longer in one stage does not go on. Linux tries an address for 131 s (tcp_syn_retries(7)), sshd waits
 * 120 s for a login (LoginGraceTime), and a resolver tries three silent name servers for 60 s (resolv.conf(5)).
 */
const longestMs: Readonly<Record<LoginStage, number>> = {
  start: 60_000,
  proxy: 60_000,
  connect: 150_000,
  greeting: 60_000,
  'key-exchange': 30_000,
  authentication: 100_000,
  session: 90_000,
};

/** From then on a login is looked at whether something explains why it does not go on. */
const explainAfterMs = 20_000;
const lookEveryMs = 500;

export interface StagesInput {
  /** Where `ssh -v` writes. */
  log: string;
  /** Whether something explains that a login in this stage never goes on. Asked once in each stage. */
  explains: (evidence: LoginEvidence, signal: AbortSignal) => Promise<boolean>;
  signal: AbortSignal;
}

export interface LoginStages {
  /** Resolves when the login does not go on any more; never, where it does. */
  readonly stalled: Promise<void>;
  /** Ends the watch. */
  stop(): StageTimes;
}

/** Watches at which stage a login is by what `ssh -v` writes, and for how long. */
export function watchStages({ log, explains, signal }: StagesInput): LoginStages {
  const times: StageTimes = {};
  const ending = new AbortController();
  const whole = AbortSignal.any([signal, ending.signal]);
  let stage: LoginStage = 'start';
  let since = performance.now();
  const asked = new Set<LoginStage>();
  let stall: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => (stall = resolve));

  const look = async (): Promise<void> => {
    const evidence = readSshLog(await readFile(log, 'utf8').catch(() => ''));
    const now = performance.now();
    times[stage] = (times[stage] ?? 0) + now - since;
    since = now;
    stage = evidence.phase;
    const inStage = times[stage] ?? 0;
    if (inStage > longestMs[stage]) stall();
    if (inStage < explainAfterMs || asked.has(stage)) return;
    asked.add(stage);
    if (await explains(evidence, whole).catch(() => false)) stall();
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();
  return {
    stalled,
    stop: () => {
      clearInterval(timer);
      ending.abort();
      times[stage] = (times[stage] ?? 0) + performance.now() - since;
      return times;
    },
  };
}

/** The stage that took longest, and for how many seconds. */
export function slowestStage(times: StageTimes): { stage: LoginStage; seconds: number } {
  const entries = Object.entries(times) as [LoginStage, number][];
  const [stage, ms] = entries.sort(([, a], [, b]) => b - a)[0] ?? (['start', 0] as const);
  return { stage, seconds: Math.round(ms / 1000) };
}
