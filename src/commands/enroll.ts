import { existsSync, readFileSync } from 'node:fs';
import type { Report, ReportBuilder } from '../generated/types.ts';
import { parseMachines } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import { type EntryToWrite, machinesLine, nixOptions, storeUri } from '../machines/write.ts';
import type { ClientView } from '../nix/client-view.ts';
import { oneLine } from '../report/escape/visible.ts';
import { liveProgress } from '../report/live/index.ts';
import { painter } from '../report/table/paint.ts';
import { troubles } from '../report/table/trouble.ts';
import { resolveSshConfig } from '../ssh/effective-config.ts';
import type { Transport } from '../transport/transport.ts';
import { confirm } from '../cli/confirm.ts';
import { editFile, withLine } from '../cli/edit-file.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { runChecks } from '../setup/run-checks.ts';
import { print } from '../cli/print.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';
import { UserError } from '../support/user-error.ts';

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

/** What the probe `host-key` saw. */
interface HostKey {
  offered: { type: string; fingerprint: string; column: string };
  known: { status: string };
}

/** What the probe `builder-settings` saw, as far as an entry needs it. */
interface Settings {
  nixVersion: string;
  systems: string;
  features: string;
  sandbox: string;
  cores: number;
  buildUsers: number;
  maxSessions: number;
  maxStartups: number;
}

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

    const first = await look(draft, ['host-key'], version, signal);
    const seen = valueOf<HostKey>(first.builder, 'host-key', 'offered');
    if (seen === undefined || ['changed', 'revoked'].includes(seen.known.status)) return stop(first.report);
    const compared = await compareFingerprint(host, seen, options.fingerprint, signal);
    if (compared === null) return 1;

    const sshKey = options.key ?? (await onlyKey(draft, transport, signal));
    const known: EntryToWrite = { ...draft, sshKey, publicHostKey: seen.offered.column };
    const second = await look(known, ['builder-systems', 'builder-capacity'], version, signal);
    const settings = valueOf<Settings>(second.builder, 'builder-systems', 'systems');
    if (settings === undefined) return stop(second.report);

    const entry: EntryToWrite = {
      ...known,
      systems: words(settings.systems),
      supportedFeatures: words(settings.features),
      maxJobs: jobsFor(settings),
    };
    const { report } = await look(entry, options.check === true ? 'all' : 'read-only', version, signal);
    const { verdict } = report.summary;
    const unclear = verdict === 'healthy' ? 0 : report.summary.checks.fail > 0 ? 1 : 3;
    if (format === 'json')
      print(
        JSON.stringify(
          {
            entry,
            line: machinesLine(entry),
            nix: nixOptions(entry),
            settings,
            hostKey: seen.offered,
            report,
          },
          null,
          2,
        ),
      );
    else if (format === 'line') print(machinesLine(entry));
    else if (format === 'nix') print(nixOptions(entry));
    else print(textOf(entry, settings, seen, compared, report, options, client).join('\n'));
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

function readTarget(target: string): { user: string; host: string; port: number | null } {
  const [, user = '', bracketed, plain = '', port] =
    /^(?:([a-z_][a-z0-9_.-]*)@)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_][A-Za-z0-9_.-]*))(?::(\d{1,5}))?$/.exec(
      target,
    ) ?? [];
  const host = bracketed ?? plain;
  if (host === '' || Number(port ?? 22) > 65535) throw new UserError(`"${target}" is no [USER@]HOST[:PORT]`);
  return { user, host, port: port === undefined ? null : Number(port) };
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

/** One run on the entry alone, which is not installed anywhere. */
async function look(
  entry: EntryToWrite,
  what: readonly string[] | 'read-only' | 'all',
  version: string,
  signal: AbortSignal,
): Promise<{ report: Report; builder: ReportBuilder }> {
  const progress = await liveProgress(process.stderr);
  try {
    const { report } = await runChecks(
      {
        builders: machinesLine(entry),
        test: typeof what === 'string' ? [] : what,
        ...{
          include: [],
          exclude: [],
          skip: [],
          stage: [],
          spec: [],
          defaultSpecs: true,
          var: [],
          inventory: [],
          secret: [],
          secretFile: [],
          secretCommand: [],
        },
        ...(what === 'all' ? {} : { readOnly: true }),
      },
      {
        version,
        signal,
        onNotes: (notes) => notes.forEach((note) => print(note, process.stderr)),
        onEvent: progress.onEvent,
      },
    );
    const [builder] = report.builders;
    if (builder === undefined)
      throw new UserError(
        report.clientChecks.find(({ outcome }) => outcome === 'fail')?.message ?? 'nothing was seen',
      );
    return { report, builder };
  } finally {
    progress.close();
  }
}

/** What a probe saw, if it saw the thing called `key`. */
function valueOf<T>({ checks }: ReportBuilder, name: string, key: keyof T & string): T | undefined {
  const value = checks.find(({ scenario }) => scenario === name)?.observation?.value;
  return typeof value === 'object' && value !== null && key in value ? (value as T) : undefined;
}

/** A list that the host told. It is not to be believed that its items are words: they become columns of a line. */
function words(list: string): string[] {
  return list.split(', ').filter((item) => /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(item));
}

/** What keeps us from looking any further. */
function stop(report: Report): number {
  print(missing(report).join('\n'));
  return report.summary.checks.fail > 0 ? 1 : 3;
}

function missing(report: Report): string[] {
  return troubles(report, painter(false), process.stdout.isTTY ? process.stdout.columns : 100).slice(1);
}

/**
 * A host key is believed when root's ssh knows it, or when a person has compared it: on the terminal, or before, for
 * `--fingerprint`. Says how it came to be believed; null when it is not.
 */
async function compareFingerprint(
  host: string,
  { offered, known }: HostKey,
  given: string | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  if (given !== undefined) {
    if (given === offered.fingerprint) return 'as given';
    throw new UserError(
      `${host} offers the host key ${offered.fingerprint}, not ${oneLine(given)}: do not go on`,
    );
  }
  if (known.status === 'match' || known.status === 'vouched') return "known to root's ssh";
  const kind = offered.type.startsWith('ecdsa') ? 'ecdsa' : oneLine(offered.type).replace(/^ssh-/, '');
  print(
    [
      `${host} offers this host key, which root's ssh does not know:`,
      `  ${oneLine(offered.type)} ${offered.fingerprint}`,
      `Compare it. On ${host}:`,
      `  $ ssh-keygen -lf /etc/ssh/ssh_host_${kind}_key.pub`,
    ].join('\n'),
    process.stderr,
  );
  const again = `compare the fingerprint, then say --fingerprint ${offered.fingerprint}`;
  return (await confirm('Is it the same there?', again, signal)) ? 'compared by you' : null;
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

/** As many builds as it has cores, and as its build users and its SSH server allow; 0 stands for unknown. */
function jobsFor({ cores, buildUsers, maxSessions, maxStartups }: Settings): number {
  const limits = [cores, buildUsers, maxSessions, maxStartups].filter((limit) => limit > 0);
  return Math.max(1, Math.min(...limits, 1000));
}

function textOf(
  entry: EntryToWrite,
  settings: Settings,
  { offered }: HostKey,
  compared: string,
  report: Report,
  { machinesFile, check }: EnrollOptions,
  client: ClientView,
): string[] {
  const bounds = [
    ['cores', settings.cores],
    ['build users', settings.buildUsers],
    ['sessions (MaxSessions)', settings.maxSessions],
    ['logins at once (MaxStartups)', settings.maxStartups],
  ] as const;
  const counts = bounds.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  const problems = missing(report);
  const setting = client.buildersSetting ?? '';
  return [
    `${storeUri(entry)}, Nix ${oneLine(settings.nixVersion) || '?'}`,
    `  host key   ${oneLine(offered.type)} ${offered.fingerprint} (${compared})`,
    `  key        ${entry.sshKey || "ssh's own choice (--key FILE names one)"}`,
    `  systems    ${entry.systems.join(', ')}`,
    `  features   ${entry.supportedFeatures.join(', ') || '(none)'}`,
    `  jobs       ${entry.maxJobs}: the least of ${counts.join(', ')}`,
    ...(settings.sandbox === 'false'
      ? [
          '  sandbox    off: builds there see its network and its files; sandbox = true in its nix.conf keeps them apart',
        ]
      : []),
    '',
    `For ${machinesFile}:`,
    machinesLine(entry),
    '',
    'For NixOS (configuration.nix) and nix-darwin (darwin-configuration.nix), which take the same options:',
    nixOptions(entry),
    '',
    ...(problems.length === 0
      ? [
          check === true
            ? 'Ready: every check passed on this line, real builds included.'
            : 'Ready, as far as can be seen without building (--check builds, too).',
        ]
      : ['Not all is well there yet:', ...problems]),
    ...(setting.includes(machinesFile)
      ? []
      : [
          '',
          `Nix here does not read ${machinesFile} yet: its builders setting is "${setting}". Put "builders = @${machinesFile}" into nix.conf and restart nix-daemon.`,
        ]),
  ];
}
