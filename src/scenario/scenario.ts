import type {
  ScenarioCapture,
  ScenarioExample,
  ScenarioFix,
  ScenarioStep,
  Stage,
} from '../generated/types.ts';
import type { Json } from './observation.ts';

/** A value of a list in `each`. */
export type EachValue = string | number | boolean;

/** The lists of a scenario's `each`, by name: the values themselves, or `vars.NAME`. */
export type Each = Record<string, EachValue[] | string>;

/** What must be seen: observation fields to matchers. */
export type Expectation = Record<string, Json>;

/** A loaded scenario, with every default filled in. */
export interface Scenario {
  id: string;
  title: string;
  about?: string;
  stage: Stage;
  target: 'client' | 'builder';
  per: 'client' | 'builder';
  needs: string[];
  /** Lists whose every combination becomes a check of its own ({@link expandEach}). */
  each?: Each;
  /** Of such a check: its values, which templates know as `{{each.NAME}}`. */
  eachValues?: Record<string, EachValue>;
  /** Words by which scenarios are selected together. */
  tags: string[];
  when?: Expectation;
  /** For a key of `when`: why it does not apply, in words. */
  otherwise?: Record<string, string>;
  severity: 'error' | 'warning' | 'advice';
  effect: 'none' | 'store' | 'build';
  /** May share a session with others, and be run again by itself. */
  quick: boolean;
  timeoutMs: number;
  /** `when`: what is worth another try; without it every miss is. */
  retry: { attempts: number; delayMs: number; when?: Expectation };
  command?: string | string[];
  /** Run after the command or probe, however it ended. */
  cleanup: ScenarioStep[];
  /** Run before it; none is run after one that fails. */
  setup: ScenarioStep[];
  /** Of the command, as are the next three. */
  stdin?: string;
  env?: Record<string, string | number | boolean>;
  cwd?: string;
  user?: string;
  probe?: string;
  with?: Record<string, Json>;
  expect: Expectation;
  /** What looks like this could not be measured. */
  inconclusive?: Expectation;
  capture: Record<string, ScenarioCapture>;
  says?: string;
  hint: Hint[];
  examples: ScenarioExample[];
  replaces: boolean;
  source: ScenarioSource;
}

export interface Hint {
  when?: Expectation;
  cause?: string;
  says: string;
  fix: ScenarioFix[];
  see?: string;
}

export interface ScenarioSource {
  file: string;
  /** Where the document starts. */
  line: number;
  /** Where a value stands, by its path in the document: the nearest that exists. */
  at: (path: readonly (string | number)[], text?: string) => Place;
}

/** Lines and columns count from 1; `endColumn` is one past the last. */
export interface Place {
  line: number;
  column: number;
  endColumn: number;
}

/** Stages in the order of a build's path. */
export const stages = [
  'client',
  'network',
  'ssh',
  'nix',
  'build',
  'fleet',
] as const satisfies readonly Stage[];
