import type { Report } from '../../src/generated/types.ts';
import type { Client } from './client.ts';
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
  /** What is not as on a healthy machine: red checks, and warnings that are not true there. */
  wrong: string[];
}

/** Warnings that are true on some healthy machines, with the look that shows it. */
const trueWarnings: Readonly<Record<string, (client: Client, name: string) => Promise<boolean>>> = {
  'ssh-without-timeouts': async (client, name) =>
    /^connecttimeout none$/m.test((await client.host.run(['ssh', '-G', name])).stdout),
};

/** Runs `check` over a healthy pair of hosts. One row for each scheme. */
export async function tryCombination(fleet: Fleet, combination: Combination): Promise<MatrixRow[]> {
  const { profile, nix, role } = combination;
  const [client, builder] = await Promise.all([
    fleet.client(role === 'client' ? { profile, nix } : {}),
    fleet.builder(role === 'builder' ? { profile, nix } : {}),
  ]);
  client.machines(...schemes.map((scheme) => builder.line(scheme)));
  const { report } = await client.check();
  return Promise.all(
    schemes.map(async (scheme, index) => ({
      ...combination,
      scheme,
      verdict: report.builders[index]?.verdict ?? 'not in the report',
      wrong: await wrongIn(report, index, client, builder.name),
    })),
  );
}

async function wrongIn(report: Report, index: number, client: Client, name: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const { outcome, scenario, cause, message } of [
    ...report.clientChecks,
    ...(report.builders[index]?.checks ?? []),
  ]) {
    if (outcome === 'pass' || outcome === 'skip') continue;
    const isTrue = outcome === 'warn' && (await trueWarnings[cause ?? '']?.(client, name)) === true;
    if (!isTrue) wrong.push(`${outcome} ${scenario} ${cause ?? ''}: ${message}`);
  }
  return wrong;
}

export function isHealthy({ verdict, wrong }: MatrixRow): boolean {
  return verdict === 'healthy' && wrong.length === 0;
}
