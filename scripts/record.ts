/**
 * Breaks real builders in every way that test/faults knows, with each version of Nix, and keeps what the deciding check
 * saw in test/recorded. Words choose faults by their titles; `--nix VERSION` does it with that one alone, `--missing`
 * leaves out what is recorded. Exit 1 where a version of Nix leads to another cause.
 */
import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import pLimit from 'p-limit';
import type { Fault } from '../test/faults/fault.ts';
import { faults } from '../test/faults/index.ts';
import { startFleet } from '../test/fleet/index.ts';
import { type ProfileName, profiles } from '../test/fleet/profiles/index.ts';
import type { NixVersion } from '../test/fleet/rootfs.ts';
import { type Attempt, record } from '../test/recorded/record.ts';
import {
  type Recorded,
  readRecorded,
  recordedFile,
  scenariosById,
  type Versions,
} from '../test/recorded/recorded.ts';

/** A fault that needs a version is itself in no other. */
function versionsFor({ client, builder }: Fault): Versions[] {
  const all: readonly NixVersion[] = ['2.8', '2.26', '2.34'];
  const fixed = [client, builder].map((host) => host?.nix ?? versionOf(host?.profile));
  return fixed.every((one) => one === undefined)
    ? all.map((one) => ({ client: one, builder: one }))
    : [{ client: fixed[0] ?? '2.8', builder: fixed[1] ?? '2.8' }];
}

function versionOf(profile: ProfileName | undefined): NixVersion | undefined {
  return profile === undefined || profile === 'plain' ? undefined : profiles[profile].nixVersions[0];
}

function isOf(nix: Versions): (other: Versions) => boolean {
  return (other) => isDeepStrictEqual(other, nix);
}

/** In place of an older recording of the same fault and versions; with another one where both saw the same. */
function keep(scenario: string, recorded: Recorded, nix: Versions): void {
  const others = (readRecorded().get(scenario) ?? [])
    .map((one) =>
      one.fault === recorded.fault ? { ...one, nix: one.nix.filter((other) => !isOf(nix)(other)) } : one,
    )
    .filter((one) => one.nix.length > 0);
  const same = others.find((one) => isDeepStrictEqual({ ...one, nix: [] }, { ...recorded, nix: [] }));
  if (same === undefined) others.push(recorded);
  else same.nix.push(nix);
  const sorted = others.sort((a, b) => (a.fault < b.fault ? -1 : a.fault > b.fault ? 1 : 0));
  const text = sorted.map((one) => JSON.stringify(one)).join(',\n');
  writeFileSync(recordedFile(`${scenario}.json`), `[\n${text}\n]\n`);
}

async function attempt(fault: Fault, nix: Versions): Promise<Attempt> {
  const fleet = startFleet();
  try {
    return await record(fleet, fault, nix, suite);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  } finally {
    await fleet.close();
  }
}

function isRecorded({ title }: Fault, nix: Versions): boolean {
  return [...readRecorded().values()].flat().some((one) => one.fault === title && one.nix.some(isOf(nix)));
}

const suite = await scenariosById();
const { values, positionals: words } = parseArgs({
  options: { missing: { type: 'boolean', default: false }, nix: { type: 'string' } },
  allowPositionals: true,
});
/** At a time: most of it is waiting. */
const limit = pLimit(3);
const wanted = faults
  .filter(({ title }) => words.every((word) => title.includes(word)))
  .flatMap((fault) => versionsFor(fault).map((nix) => ({ fault, nix })))
  .filter(({ nix }) => values.nix === undefined || nix.builder === values.nix)
  .filter(({ fault, nix }) => !values.missing || !isRecorded(fault, nix));
await Promise.all(
  wanted.map(({ fault, nix }) =>
    limit(async () => {
      const got = await attempt(fault, nix);
      const versions = `client ${nix.client}, builder ${nix.builder}`;
      if ('wrong' in got) {
        process.exitCode = 1;
        process.stdout.write(`WRONG: ${fault.title} (${versions}): ${got.wrong}\n`);
      } else {
        keep(got.scenario, got.recorded, nix);
        process.stdout.write(`${got.scenario} ${fault.cause}: ${fault.title} (${versions})\n`);
      }
    }),
  ),
);
