import type { Report, ReportBuilder, ReportCheck, RootCause } from '../generated/types.ts';
import { failuresOf } from './build.ts';
import { andMore, shown, someNames } from './some-names.ts';

/** One cause, and all that have it: told once. */
export interface Trouble {
  mark: 'fail' | 'warn' | 'advice';
  /** Beside each name, what the report says of it. */
  whose: { name: string; cause: RootCause }[];
  /** Checks that are blocked by it. */
  blocks: number;
}

/** What the client is called beside the builders. */
export function clientName({ client }: Report): string {
  return `this machine (${client.hostname})`;
}

/** The client and the builders, each with its checks. */
export function rowsOf(report: Report): { name: string; checks: readonly ReportCheck[] }[] {
  return [{ name: clientName(report), checks: report.clientChecks }, ...report.builders];
}

/** First what is wrong with the client, then with the builders, then warnings; each cause once. */
export function findTroubles(report: Report): Trouble[] {
  const here = clientName(report);
  const client = report.clientChecks.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  return [
    ...client.map((check) => single(here, asCause(check))),
    ...group(report.builders.flatMap(ownTroubles)),
    ...group(warnings(report)),
  ];
}

function single(name: string, cause: RootCause): Trouble {
  return { mark: 'fail', whose: [{ name, cause }], blocks: 0 };
}

function asCause({ scenario, cause, message, fix = [], see }: ReportCheck): RootCause {
  return {
    scenario,
    message,
    fix,
    ...(cause === undefined ? {} : { cause }),
    ...(see === undefined ? {} : { see }),
  };
}

/** A builder's own failures, even where the client has some too: all must be fixed. */
function ownTroubles({ name, checks }: ReportBuilder): Trouble[] {
  return failuresOf(checks).map((check) => ({
    ...single(name, asCause(check)),
    blocks: checks.filter(({ blockedBy }) => blockedBy === check.scenario).length,
  }));
}

/** How many causes a fleet has, for the verdict: `broken: 2 independent causes`; empty where none is known. */
export function brokenWords({ causes = 0 }: Report['summary']): string {
  if (causes === 0) return '';
  return `broken: ${causes === 1 ? '1 cause' : `${causes} independent causes`}`;
}

/** The causes of a builder in a few words: `key-too-open`, `disk-full and 2 more`; empty where it is healthy. */
export function causeWords({
  rootCause,
  causes = [],
}: {
  rootCause: RootCause | null;
  causes?: readonly string[] | undefined;
}): string {
  if (rootCause === null) return '';
  return `${rootCause.cause ?? rootCause.scenario}${andMore(causes.length - 1)}`;
}

function warnings(report: Report): Trouble[] {
  return rowsOf(report).flatMap(({ name, checks }) =>
    checks
      .filter(({ outcome }) => outcome === 'warn')
      .map((check): Trouble => ({ ...single(name, asCause(check)), mark: 'warn' })),
  );
}

/** What checks of severity advice found, each cause once. It is no trouble: nothing is broken. */
export function findAdvice(report: Report): Trouble[] {
  return group(
    rowsOf(report).flatMap(({ name, checks }) =>
      checks.flatMap(({ scenario, advice }): Trouble[] =>
        advice === undefined ? [] : [{ ...single(name, { scenario, ...advice }), mark: 'advice' }],
      ),
    ),
  );
}

/** One advice in a sentence, for all that it concerns. */
export function adviceText(advice: Trouble): string {
  const whom = someNames(advice.whose.map(({ name }) => name));
  return `${(messagesOf(advice)[0] ?? '').replace(/\.$/, '')} (${whom})`;
}

/** Joins those of the same scenario and cause, in the order of the first of each. */
function group(all: readonly Trouble[]): Trouble[] {
  const groups = new Map<string, Trouble>();
  for (const trouble of all) {
    const [first] = trouble.whose;
    // Without a cause only the same words are the same trouble.
    const { scenario, cause, message } = first?.cause ?? { scenario: '', message: '' };
    const key = JSON.stringify([trouble.mark, scenario, cause ?? message]);
    const same = groups.get(key);
    if (same === undefined) groups.set(key, { ...trouble, whose: [...trouble.whose] });
    else {
      same.whose.push(...trouble.whose);
      same.blocks += trouble.blocks;
    }
  }
  return [...groups.values()];
}

/** What the report says of those that have it, without repeating what differs by the name alone. */
export function messagesOf({ whose }: Trouble): string[] {
  const seen = new Set<string>();
  const own = whose.filter(({ name, cause: { message } }) => {
    const text = message.replaceAll(name, '…');
    return !seen.has(text) && seen.add(text);
  });
  return own.slice(0, shown).map(({ cause: { message } }) => message);
}

/** How many checks it blocks, in words; empty where it blocks none. */
export function blocksWords({ blocks }: Trouble): string {
  return blocks === 0 ? '' : `blocks ${blocks} ${blocks === 1 ? 'check' : 'checks'}`;
}
