import type { Builder } from '../machines/builder.ts';
import type {} from '../routing/external.ts';
import type { ExternalBuilders } from '../routing/request.ts';
import type { Scenario } from '../scenario/scenario.ts';

const scheme = 'external';

/** The external builders as entries, one for each system: the first program that has the system gets its builds. */
export function externalEntries({ builders }: ExternalBuilders): Builder[] {
  const programs = new Map<string, { program: string; words: string[] }>();
  for (const { systems, program, args } of builders)
    for (const system of systems)
      if (!programs.has(system)) programs.set(system, { program, words: [program, ...args] });
  return [...programs].map(([system, { program, words }]) => ({
    uri: `${scheme}:${system}`,
    scheme,
    host: '',
    user: '',
    port: null,
    params: { program },
    systems: [system],
    sshKey: '',
    maxJobs: 1,
    speedFactor: 1,
    supportedFeatures: [],
    mandatoryFeatures: [],
    publicHostKey: '',
    entry: words.join(' '),
    source: { file: 'external-builders', line: 1, column: 1 },
    fields: [],
  }));
}

/** Whether it is a program of `external-builders`, which no line of the machines file names. */
export function isExternal(builder: Pick<Builder, 'scheme'>): boolean {
  return builder.scheme === scheme;
}

/** An external builder is looked at by the scenarios that ask for it, and these look at nothing else. */
export function scenariosFor(builder: Builder, scenarios: readonly Scenario[]): Scenario[] {
  return scenarios.filter(({ when }) => (when?.['builder.scheme'] === scheme) === isExternal(builder));
}
