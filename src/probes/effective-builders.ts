import { CannotObserve, doesNotApply } from '../support/cannot-observe.ts';
import { noClientSettings, type Probe } from './probe.ts';

/** Whether Nix itself uses the entries that are looked at, which may come from a file of the user's choice. */
export const effectiveBuilders: Probe = {
  name: 'effective-builders',
  parameters: [],
  required: [],
  observe: (_parameters, { client, machines: { builders, effective } }) => {
    if (client.buildersSetting === null) throw noClientSettings(client);
    if (effective === null)
      throw new CannotObserve(
        doesNotApply,
        'the entries were given with --builders, whatever Nix itself uses',
      );
    const used = new Set(effective.map(({ uri }) => uri));
    const unused = builders.filter(({ uri }) => !used.has(uri)).map(({ uri }) => uri);
    const [file] = builders.flatMap(({ source }) => source.file ?? []);
    return Promise.resolve({
      value: {
        setting: client.buildersSetting.trim(),
        unused: unused.join(', '),
        file: file ?? '/etc/nix/machines',
      },
    });
  },
};
