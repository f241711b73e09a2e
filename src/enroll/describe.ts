import type { Report } from '../generated/types.ts';
import { type EntryToWrite, machinesLine, nixOptions, storeUri } from '../machines/write.ts';
import { oneLine } from '../report/escape/visible.ts';
import { painter } from '../report/table/paint.ts';
import { troubles } from '../report/table/trouble.ts';
import type { HostKey } from './host-key.ts';
import type { Settings } from './settings.ts';

/** What is wrong, with its steps, as the table shows it. */
export function missing(report: Report): string[] {
  return troubles(report, painter(false), process.stdout.isTTY ? process.stdout.columns : 100).slice(1);
}

/** What became of a host. */
export interface Enrolled {
  entry: EntryToWrite;
  settings: Settings;
  hostKey: HostKey;
  /** How its host key came to be believed. */
  compared: string;
  /** Of the checks on the entry. */
  report: Report;
}

/** The lines for a person. `setting`: Nix's `builders` on this machine. */
export function describe(
  { entry, settings, hostKey: { offered }, compared, report }: Enrolled,
  { machinesFile, check, setting }: { machinesFile: string; check?: true | undefined; setting: string },
): string[] {
  const bounds = [
    ['cores', settings.cores],
    ['build users', settings.buildUsers],
    ['sessions (MaxSessions)', settings.maxSessions],
    ['logins at once (MaxStartups)', settings.maxStartups],
  ] as const;
  const counts = bounds.filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  const problems = missing(report);
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
