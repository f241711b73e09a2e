import { existsSync, readFileSync } from 'node:fs';
import { editFile, withLine } from '../cli/edit-file.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { print } from '../cli/print.ts';
import { checkEntry, valueOf } from '../enroll/check-entry.ts';
import { describe, type Enrolled, missing } from '../enroll/describe.ts';
import { compareFingerprint, type HostKey } from '../enroll/host-key.ts';
import { jobsFor, type Settings, words } from '../enroll/settings.ts';
import { readTarget } from '../enroll/target.ts';
import type { Report } from '../generated/types.ts';
import { parseMachines } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import { type EntryToWrite, machinesLine, nixOptions, storeUri } from '../machines/write.ts';
import type { ClientView } from '../nix/client-view.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';
import { resolveSshConfig } from '../ssh/effective-config.ts';
import { UserError } from '../support/user-error.ts';
import type { Transport } from '../transport/transport.ts';

export interface EnrollOptions {
  scheme: string;
  key?: string | undefined;
  fingerprint?: string | undefined;
  speed: string;
  check?: true | undefined;
  write?: true | undefined;
  machinesFile: string;
  format: string;
}

const formats = ['text', 'line', 'nix', 'json'];

/**
 * `enroll USER@HOST`: looks at a host and prints the entry that is right for it, and what is missing there. Exit 0 when
 * the host is ready, 1 when something is missing, 3 when something could not be measured. Throws {@link UserError}.
 */
export async function enroll(target: string, options: EnrollOptions, version: string): Promise<number> {
  const { scheme, format } = options;
  if (scheme !== 'ssh' && scheme !== 'ssh-ng')
    throw new UserError(`--scheme wants ssh or ssh-ng, not "${scheme}"`);
  if (!formats.includes(format)) throw new UserError(`-f wants ${formats.join(', ')}, not "${format}"`);
  const speedFactor = Number(options.speed);
  if (!(speedFactor > 0)) throw new UserError(`--speed wants a number above 0, not "${options.speed}"`);
  const { user, host, port } = readTarget(target);
  const interrupt = onInterrupt();
  const { signal } = interrupt;
  try {
    const { client, transport } = await inspectThisMachine(signal);
    const draft: EntryToWrite = {
      ...{ scheme, user, host, port, speedFactor },
      systems: [client.system || 'x86_64-linux'],
      sshKey: options.key ?? '',
      maxJobs: 1,
      supportedFeatures: [],
      publicHostKey: '',
    };
    refuseTwice(options, draft, client);

    const first = await checkEntry(draft, ['host-key'], version, signal);
    const seen = valueOf<HostKey>(first.builder, 'host-key', 'offered');
    if (seen === undefined || ['changed', 'revoked'].includes(seen.known.status)) return stop(first.report);
    const compared = await compareFingerprint(host, seen, options.fingerprint, signal);
    if (compared === null) return 1;

    const sshKey = options.key ?? (await onlyKey(draft, transport, signal));
    const known: EntryToWrite = { ...draft, sshKey, publicHostKey: seen.offered.column };
    const second = await checkEntry(known, ['builder-systems', 'builder-capacity'], version, signal);
    const settings = valueOf<Settings>(second.builder, 'builder-systems', 'systems');
    if (settings === undefined) return stop(second.report);

    const entry: EntryToWrite = {
      ...known,
      systems: words(settings.systems),
      supportedFeatures: words(settings.features),
      maxJobs: jobsFor(settings),
    };
    const { report } = await checkEntry(entry, options.check === true ? 'all' : 'read-only', version, signal);
    const enrolled: Enrolled = { entry, settings, hostKey: seen, compared, report };
    const { verdict } = report.summary;
    const unclear = verdict === 'healthy' ? 0 : report.summary.checks.fail > 0 ? 1 : 3;
    print(written(enrolled, options, client));
    if (format !== 'text' && format !== 'json' && unclear !== 0)
      print(missing(report).join('\n'), process.stderr);
    if (options.write === true) {
      if (unclear !== 0)
        throw new UserError(`${options.machinesFile} is left as it is: ${host} is not ready`);
      const copy = await editFile(options.machinesFile, (text) => withLine(text, machinesLine(entry)));
      print(`added to ${options.machinesFile}${copy === null ? '' : `; as it was: ${copy}`}`, process.stderr);
    }
    return interrupt.exitCode() ?? unclear;
  } finally {
    interrupt.dispose();
  }
}

/** In the format asked for. */
function written(enrolled: Enrolled, options: EnrollOptions, client: ClientView): string {
  const { entry, settings, hostKey, report } = enrolled;
  switch (options.format) {
    case 'json': {
      const [line, nix] = [machinesLine(entry), nixOptions(entry)];
      return JSON.stringify({ entry, line, nix, settings, hostKey: hostKey.offered, report }, null, 2);
    }
    case 'line':
      return machinesLine(entry);
    case 'nix':
      return nixOptions(entry);
    default:
      return describe(enrolled, { ...options, setting: client.buildersSetting ?? '' }).join('\n');
  }
}

/** An entry of its own for a host that has one would share its slots. */
function refuseTwice({ write, machinesFile }: EnrollOptions, draft: EntryToWrite, client: ClientView): void {
  if (write !== true || !existsSync(machinesFile)) return;
  const { builders } = parseMachines(readFileSync(machinesFile, 'utf8'), {
    nixVersion: client.nixVersion || assumedVersion,
    system: client.system,
    readFile: () => null,
  });
  const same = builders.find(({ host, user }) => host === draft.host && user === draft.user);
  if (same !== undefined)
    throw new UserError(
      `${storeUri(draft)} is already in ${machinesFile}, line ${same.source.line}: change it by hand`,
    );
}

/** What keeps us from looking any further. */
function stop(report: Report): number {
  print(missing(report).join('\n'));
  return report.summary.checks.fail > 0 ? 1 : 3;
}

/** The one key that root's ssh would offer; where there are several, or none, the choice is left to ssh. */
async function onlyKey(
  { user, host }: EntryToWrite,
  transport: Transport,
  signal: AbortSignal,
): Promise<string> {
  const asked = await resolveSshConfig(user === '' ? [host] : ['-l', user, host], transport, signal);
  const keys = asked.ok ? asked.config.identityFiles.filter((file) => existsSync(file)) : [];
  return keys.length === 1 ? (keys[0] ?? '') : '';
}
