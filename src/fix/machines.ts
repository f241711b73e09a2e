import type { FixChange } from '../generated/types.ts';
import type { Builder } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import { parseMachines } from '../machines/index.ts';
import { assumedVersion } from '../machines/release.ts';
import { nixOptions } from '../machines/write.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import type { System } from '../system/system.ts';

type Change = NonNullable<FixChange['machines']>;

const columns = [
  'uri',
  'systems',
  'sshKey',
  'maxJobs',
  'speedFactor',
  'supportedFeatures',
  'mandatoryFeatures',
  'publicHostKey',
] as const satisfies readonly Change['column'][];

/** What a change of an entry needs to know beside the system. */
export interface Entry {
  builder: Builder;
  /** A module system wrote the machines file. */
  owned: boolean;
}

/** Another value in one column of the builder's entry, another entry, or none. */
export function machinesForm(change: Change, { builder, owned }: Entry, system: System): Form {
  const entry = entryOf(change, builder);
  const file = builder.source.file;
  if (owned && system.moduleSystem !== 'none')
    return moduleForm(
      entry === null
        ? `# Remove ${builder.host} from nix.buildMachines.`
        : `# In place of what nix.buildMachines has for ${builder.host} now:\n${option(entry, builder)}`,
      system,
    );
  return {
    edit: {
      file: file ?? 'the builders setting',
      replace: builder.entry,
      with: entry ?? `# ${builder.entry}`,
    },
  };
}

function entryOf({ column, value = '', entry }: Change, builder: Builder): string | null {
  if (entry !== undefined) return entry;
  if (column === undefined) return null;
  if (column === 'host')
    return entryWith(builder, { 0: builder.fields[0]?.text.replace(builder.host, () => value) ?? '' });
  return entryWith(builder, { [columns.indexOf(column)]: value === '' ? '-' : value });
}

/** The whole entry as the option has it; an entry that cannot be read stays as it is. */
function option(entry: string, builder: Builder): string {
  const { builders } = parseMachines(entry, {
    nixVersion: assumedVersion,
    system: builder.systems[0] ?? '',
    readFile: () => null,
  });
  const [found] = builders;
  if (found === undefined || (found.scheme !== 'ssh' && found.scheme !== 'ssh-ng'))
    return `# nix.buildMachines: ${entry}`;
  const { scheme, fields, user } = found;
  // What follows the user: the host with its port and the URI's parameters.
  const rest = (fields[0]?.text ?? '').replace(/^[\w-]+:\/\//, '');
  return nixOptions({
    ...found,
    scheme,
    port: null,
    host: rest.startsWith(`${user}@`) ? rest.slice(user.length + 1) : rest,
  });
}
