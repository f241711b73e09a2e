import type { Report, ReportCheck } from '../../src/generated/types.ts';
import type { Fleet } from '../fleet/index.ts';
import type { Profile } from '../fleet/profile.ts';
import { type ProfileName, profiles } from '../fleet/profiles/index.ts';
import type { NixVersion } from '../fleet/rootfs.ts';
import { apply } from './apply.ts';
import { asOn, type Fault, type Lab } from './fault.ts';
import { messageProblems } from './messages.ts';
import { type RealBuild, realBuild } from './real-build.ts';

/** What came of a fault. */
export interface Row {
  fault: string;
  expected: string;
  got: string;
  /** Why it was not, where it was not. */
  fixRun: 'yes' | 'no';
  healthyAfter: 'yes' | 'no' | '-';
  /** Where a build by Nix alone says otherwise than the fault. */
  contradicted: string;
  /** What to know where the row is wrong. */
  details: string;
}

/** Whether a row is as it should be. */
export function isRight({ expected, got, fixRun, healthyAfter, contradicted }: Row): boolean {
  return expected === got && contradicted === '' && (fixRun === 'no' || healthyAfter === 'yes');
}

export interface TryOptions {
  /** Words for `check`. */
  args?: readonly string[];
  /** The kind of machine of client and builder. Default: what the fault says. */
  profile?: ProfileName;
  /** Machines that are there already, and stay. */
  machines?: Pick<Lab, 'client' | 'builder'>;
  /** Whether Nix alone builds first, to see whether the fault is one. */
  confirm?: boolean;
}

function canBeClient(name: ProfileName | undefined): boolean {
  const profile: Profile | undefined = name === undefined ? undefined : profiles[name];
  return profile?.notClient === undefined;
}

/** On that profile, in the fault's version of Nix where the profile has it. */
function onProfile<Options extends { nix?: NixVersion; profile?: ProfileName }>(
  options: Options | undefined,
  name: ProfileName | undefined,
): Options | undefined {
  if (name === undefined) return options;
  const { nix, ...rest } = options ?? ({} as Options);
  const profile: Profile = profiles[name];
  return {
    ...rest,
    profile: name,
    ...(nix !== undefined && profile.nixVersions.includes(nix) ? { nix } : {}),
  } as Options;
}

/** A client and a builder with that fault, for as long as it is looked at. */
export async function withFault<Seen>(
  fleet: Fleet,
  fault: Fault,
  { args = [], profile, machines }: TryOptions,
  see: (lab: Lab) => Promise<Seen>,
): Promise<Seen> {
  const { client, builder } = machines ?? (await start(fleet, fault, profile));
  const lab: Lab = { client, builder, args: [...args], env: {} };
  if (profile !== undefined) promiseOwnSystem(lab);
  try {
    client.machines(builder.line(fault.scheme));
    await fault.breaks(lab);
    return await see(lab);
  } finally {
    if (machines === undefined) await Promise.all([client.host.stop(), builder.host.stop()]);
  }
}

async function start(
  fleet: Fleet,
  fault: Fault,
  profile: ProfileName | undefined,
): Promise<Pick<Lab, 'client' | 'builder'>> {
  const [client, builder] = await Promise.all([
    fleet.client(onProfile(fault.client, canBeClient(profile) ? profile : undefined)),
    fleet.builder(onProfile(fault.builder, profile)),
  ]);
  return { client, builder };
}

/** Breaks a real builder, looks at what `check` says, does what it says, and looks again. */
export function tryFault(fleet: Fleet, general: Fault, options: TryOptions = {}): Promise<Row> {
  const fault = asOn(general, options.profile);
  return withFault(fleet, fault, options, async (lab) => {
    const causes = [fault.cause, ...(fault.then ?? [])];
    const wanted = `${fault.outcome ?? 'fail'} ${fault.scenario}: ${causes.join(', then ')}`;
    const built = options.confirm === true ? await realBuild(lab) : null;
    let report = await look(lab);
    const contradicted = built === null ? '' : contradiction(fault, built, report);
    const bad = messageProblems(report);
    const seen: string[] = [];
    const details: string[] = [];
    let row = `${found(report, fault).outcome} ${found(report, fault).scenario}: `;
    for (const cause of causes) {
      const { check } = found(report, fault);
      seen.push(check?.cause ?? 'no cause');
      details.push(...describe(report));
      if (check?.cause !== cause || fault.fixNotRun !== undefined) break;
      for (const step of check.fix ?? []) details.push(await apply(step, lab, fault.answer));
      report = await look(lab);
      bad.push(...messageProblems(report));
    }
    row += [seen.join(', then '), ...bad].join('; message of ');
    const healed =
      report.summary.verdict === 'healthy' && !['warn', 'advice'].includes(found(report, fault).outcome);
    if (!healed) details.push('afterwards:', ...describe(report));
    return {
      fault: fault.title,
      expected: wanted,
      got: row,
      fixRun: fault.fixNotRun === undefined ? 'yes' : 'no',
      healthyAfter: fault.fixNotRun === undefined ? (healed ? 'yes' : 'no') : '-',
      contradicted,
      details: details.join('\n'),
    };
  });
}

/** What a build by Nix alone says against the fault, or against the verdict; empty where it agrees. */
function contradiction(
  { outcome = 'fail', plainBuildWorks, plainBuildFails }: Fault,
  { works, words }: RealBuild,
  { summary }: Report,
): string {
  if (outcome === 'fail' && works) return plainBuildWorks === undefined ? 'Nix builds there' : '';
  return outcome !== 'fail' && plainBuildFails === undefined && !works && summary.verdict === 'healthy'
    ? `Nix does not build there: ${words}`
    : '';
}

/** Faults write x86_64-linux for the system of the builder; on a profile of another system that is its own. */
function promiseOwnSystem({ client, builder }: Lab): void {
  const { system } = builder.host.profile;
  const own = (text: string): string =>
    text.replaceAll(/\bx86_64-linux\b/g, system).replaceAll(/\bx86_64(?= )/g, system.split('-')[0] ?? '');
  const write = client.machines.bind(client);
  client.machines = (...lines) => write(...lines.map(own));
  const line = builder.line.bind(builder);
  builder.line = (...words) => own(line(...words));
}

async function look({ client, args, env }: Lab): Promise<Report> {
  return (await client.check(args, { env })).report;
}

/** What the report says where the fault should show: the root cause, or for a warning or advice its own check. */
export function found(
  { builders, clientChecks }: Report,
  { scenario, outcome = 'fail' }: Fault,
): { check: ReportCheck | undefined; outcome: string; scenario: string } {
  // A program of external-builders is looked at after the builder, which stays healthy.
  const builder = builders.find(({ uri }) => uri.startsWith('external:')) ?? builders[0];
  const checks = [...clientChecks, ...(builder?.checks ?? [])];
  const root = builder?.rootCause ?? null;
  const wanted =
    outcome === 'warn' || outcome === 'advice'
      ? scenario
      : (root?.scenario ?? checks.find((one) => one.outcome === 'fail')?.scenario ?? scenario);
  const check = checks.find((one) => one.scenario === wanted);
  if (check?.advice !== undefined)
    return { check: { ...check, ...check.advice }, outcome: 'advice', scenario: wanted };
  return { check, outcome: check?.outcome ?? 'no check', scenario: wanted };
}

function describe({ clientChecks, builders }: Report): string[] {
  return [...clientChecks, ...builders.flatMap(({ checks }) => checks)]
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'error' || outcome === 'warn')
    .map(({ outcome, scenario, cause, message }) => `${outcome} ${scenario} ${cause ?? ''}: ${message}`);
}
