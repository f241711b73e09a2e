import type { ScenarioDocument } from '../../generated/types.ts';
import { didYouMean } from '../../support/did-you-mean.ts';
import type { PathProblem } from '../schema-problems.ts';

/** What a probe may be given. */
export interface ProbeParameters {
  parameters: readonly string[];
  required: readonly string[];
}

/** A probe that exists, with what it may and must be given. `probes` null: unknown, so not checked. */
export function checkProbe(
  { probe, with: given = {} }: ScenarioDocument,
  probes: ReadonlyMap<string, ProbeParameters> | null,
): PathProblem[] {
  if (probe === undefined || probes === null) return [];
  const known = probes.get(probe);
  if (known === undefined) {
    return [
      {
        path: ['probe'],
        code: 'unknown-probe',
        what: `there is no probe called "${probe}"${didYouMean(probe, probes.keys())}`,
        fix: `probes: ${[...probes.keys()].join(', ')}`,
      },
    ];
  }
  return [
    ...Object.keys(given)
      .filter((name) => !known.parameters.includes(name))
      .map((name) => ({
        path: ['with', name],
        key: true,
        code: 'unknown-key',
        what: `the probe ${probe} knows no "${name}"${didYouMean(name, known.parameters)}`,
        fix: `it knows: ${known.parameters.join(', ') || 'nothing'}`,
      })),
    ...known.required
      .filter((name) => !(name in given))
      .map((name) => ({
        path: ['probe'],
        code: 'missing-key',
        what: `the probe ${probe} needs "${name}"`,
        fix: `add with: {${name}: …}`,
      })),
  ];
}
