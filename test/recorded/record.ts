import { builderContext, clientContext } from '../../src/engine/context.ts';
import type { Report, ReportCheck } from '../../src/generated/types.ts';
import { judge } from '../../src/scenario/judge.ts';
import type { Json, Observation } from '../../src/scenario/observation.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import type { Context } from '../../src/scenario/template/context.ts';
import type { Recording } from '../../src/setup/recording.ts';
import type { Fault, Lab } from '../faults/fault.ts';
import { found, withFault } from '../faults/laboratory.ts';
import type { Fleet } from '../fleet/index.ts';
import type { Recorded, Versions } from './recorded.ts';

/** A recording of the scenario that found the fault, or what it found in place of the cause. */
export type Attempt = { scenario: string; recorded: Recorded } | { wrong: string };

/** Breaks a real builder and keeps what the deciding check saw. */
export function record(
  fleet: Fleet,
  fault: Fault,
  nix: Versions,
  suite: ReadonlyMap<string, Scenario>,
): Promise<Attempt> {
  const asked: Fault = {
    ...fault,
    client: { ...fault.client, nix: nix.client },
    builder: { ...fault.builder, nix: nix.builder },
  };
  return withFault(fleet, asked, { args: ['--record', '/root/recording'] }, async (lab) => {
    const { report } = await lab.client.check(lab.args, { env: lab.env });
    const { check, scenario: id } = found(report, fault);
    const scenario = suite.get(id);
    if (check?.observation === undefined || scenario === undefined || check.cause !== fault.cause)
      return {
        wrong: `${id}: ${check?.outcome ?? 'no check'} ${check?.cause ?? ''} ${check?.message ?? ''}`,
      };
    const known = knownBy(lab, report, suite);
    const names = namesIn(scenario);
    const recorded: Recorded = {
      ...{ fault: fault.title, nix: [nix], cause: fault.cause },
      builder: only(known.builder ?? {}, names),
      client: only(known.client, names),
      facts: only(known.facts, names),
      observation: seenBy(check),
    };
    return { scenario: id, recorded: JSON.parse(clean(JSON.stringify(recorded))) as Recorded };
  });
}

/** What templates of the builder's last check could use. */
function knownBy(
  { client: { host } }: Lab,
  { clientChecks, builders }: Report,
  suite: ReadonlyMap<string, Scenario>,
): Context {
  const { client, builders: entries } = JSON.parse(host.read('/root/recording/recording.json')) as Recording;
  const context: Context = {
    client: clientContext(client),
    ...(entries[0] === undefined ? {} : { builder: builderContext(entries[0]) }),
    ...{ facts: {}, vars: {} },
  };
  for (const check of [...clientChecks, ...(builders[0]?.checks ?? [])]) {
    const scenario = suite.get(check.scenario);
    if (check.observation === undefined || scenario === undefined) continue;
    Object.assign(context.facts, judge(scenario, seenBy(check), context).captures);
  }
  return context;
}

function seenBy({ observation }: ReportCheck): Observation {
  const { target: _t, probe: _p, command: _c, durationMs: _d, signal: _s, ...seen } = { ...observation };
  return seen as Observation;
}

/** Names such as `builder.host` in a scenario, without what stands before the dot. */
function namesIn({ expect, inconclusive, hint, says }: Scenario): Set<string> {
  const text = JSON.stringify([expect, inconclusive, hint, says]);
  return new Set([...text.matchAll(/\b(?:builder|client|facts)\.(\w+)/g)].map(([, name = '']) => name));
}

function only(values: Record<string, Json>, names: ReadonlySet<string>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

/** The words that are others in every run: nonces, addresses and keys. */
function clean(text: string): string {
  return text
    .replace(/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g, '0'.repeat(16))
    .replace(/\b127\.(?!0\.0\.1\b)\d+\.\d+\.(\d+)\b/g, '10.0.0.$1')
    .replace(/\bAAAA[A-Za-z0-9+/]{30,}=*/g, 'AAAA')
    .replace(/\bc3No[A-Za-z0-9+/]{30,}=*/g, 'c3NoLWVkMjU1MTkgQUFBQQ==')
    .replace(/SHA256:[A-Za-z0-9+/]{43}/g, 'SHA256:…');
}
