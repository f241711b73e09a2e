import { nixName, nixText } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import { restartDaemon } from './service.ts';
import { andThen } from './shell.ts';
import type { System } from '../system/system.ts';

type Unit = NonNullable<FixChange['unit']>;

/** Directives of a systemd service, in a drop-in that counts after all others. Without systemd the step is left to its words. */
export function unitForm({ name, options }: Unit, system: System): Form {
  const lines = options.split(/\s+/).filter((word) => word !== '');
  if (system.moduleSystem === 'nixos') return moduleForm(optionOf(name, lines), system);
  if (system.init !== 'systemd') return {};
  const folder = `/etc/systemd/system/${name}.d`;
  return {
    run: andThen(
      `mkdir -p ${quoteIfNeeded(folder)}`,
      `printf '%s\\n' '[Service]' ${lines.map((line) => quoteIfNeeded(line)).join(' ')} > ${quoteIfNeeded(`${folder}/zzz-remote-builds.conf`)}`,
      'systemctl daemon-reload',
      restartDaemon(name),
    ),
  };
}

function optionOf(name: string, lines: readonly string[]): string {
  const service = `systemd.services.${nixName(name.replace(/\.service$/, ''))}`;
  return lines
    .map((line) => {
      const [, option = line, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
      const [, variable, text = ''] = /^(\w+)=(.*)$/.exec(option === 'Environment' ? value : '') ?? [];
      return variable === undefined
        ? `${service}.serviceConfig.${nixName(option)} = lib.mkForce ${nixText(value)};`
        : `${service}.environment.${nixName(variable)} = lib.mkForce ${nixText(text)};`;
    })
    .join('\n');
}
