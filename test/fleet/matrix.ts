import type { Report } from '../../src/generated/types.ts';
import type { Fleet } from './index.ts';
import type { Profile } from './profile.ts';
import { type ProfileName, profiles } from './profiles/index.ts';
import type { NixVersion } from './rootfs.ts';

/** A healthy host of a profile beside a plain one. Both schemes are in one machines file. */
export interface Combination {
  profile: ProfileName;
  nix: NixVersion;
  role: 'builder' | 'client';
}

export const schemes = ['ssh', 'ssh-ng'] as const;

/** Every profile, in every version of Nix that it has, as builder and (where it can be one) as client. */
export function combinations(names = Object.keys(profiles) as ProfileName[]): Combination[] {
  return names.flatMap((profile) => {
    const { nixVersions, notClient }: Profile = profiles[profile];
    const roles = notClient === undefined ? (['builder', 'client'] as const) : (['builder'] as const);
    return nixVersions.flatMap((nix) => roles.map((role) => ({ profile, nix, role })));
  });
}

export interface MatrixRow extends Combination {
  scheme: (typeof schemes)[number];
  verdict: string;
  /** What is not as on a healthy machine: red checks and warnings. */
  wrong: string[];
}

/** Runs `check` over a healthy pair of hosts. One row for each scheme. */
export async function tryCombination(fleet: Fleet, combination: Combination): Promise<MatrixRow[]> {
  const { profile, nix, role } = combination;
  const [client, builder] = await Promise.all([
    fleet.client(role === 'client' ? { profile, nix } : {}),
    fleet.builder(role === 'builder' ? { profile, nix } : {}),
  ]);
  client.machines(...schemes.map((scheme) => builder.line(scheme)));
  const { report } = await client.check();
  return schemes.map((scheme, index) => ({
    ...combination,
    scheme,
    verdict: report.builders[index]?.verdict ?? 'not in the report',
    wrong: wrongIn(report, index),
  }));
}

function wrongIn(report: Report, index: number): string[] {
  return [...report.clientChecks, ...(report.builders[index]?.checks ?? [])]
    .filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip')
    .map(({ outcome, scenario, cause, message }) => `${outcome} ${scenario} ${cause ?? ''}: ${message}`);
}

export function isHealthy({ verdict, wrong }: MatrixRow): boolean {
  return verdict === 'healthy' && wrong.length === 0;
}
