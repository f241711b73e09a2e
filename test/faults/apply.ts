import { existsSync } from 'node:fs';
import type { FixForm, FixStep } from '../../src/generated/types.ts';
import type { Host } from '../fleet/host.ts';
import { typedPath } from '../fleet/typed-path.ts';
import {
  changeKeys,
  removeDefinitions,
  removeExtraLine,
  removeMachine,
} from '../fleet/profiles/nixos/changes.ts';
import { nixosSwitch } from '../fleet/profiles/nixos/switch.ts';
import type { Lab } from './fault.ts';

type Form = Pick<FixForm, 'run' | 'edit' | 'module' | 'apply'>;

/** Does a step as the reader would: in a root shell of the machine that it names. Returns what came of it. */
export async function apply(step: FixStep, { client, builder }: Lab, answer?: string): Promise<string> {
  const host = step.on === 'client' ? client.host : builder.host;
  const form = formFor(host, step);
  if (form.edit !== undefined) return `edit on ${step.on}: ${edit(host, form.edit)}`;
  if (form.module !== undefined) return `option on ${step.on}: ${await configure(host, form)}`;
  const env = {
    PATH: typedPath(host.profile),
    ...(answer === undefined
      ? {}
      : { SSH_ASKPASS: '/tmp/answer', SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' }),
  };
  if (answer !== undefined) host.write('/tmp/answer', `#!/bin/sh\necho ${answer}\n`, 0o755);
  const { exitCode, stdout, stderr } = await host.sh(form.run ?? 'false', { env, timeoutMs: 30_000 });
  // A file in place of the link lasts until the next switch only.
  const { stdout: replaced } = await host.sh(
    'cd /etc/static 2>/dev/null && find . -type l | while read -r f; do [ -L "/etc/$f" ] || [ -e "$f.mode" ] || echo "$f"; done',
  );
  if (replaced !== '') throw new Error(`${form.run ?? ''} replaced files of the module system: ${replaced}`);
  return `run on ${step.on}: ${form.run} => ${exitCode} ${stdout.slice(0, 200)}${stderr.slice(0, 300)}`;
}

/** Where the builder could not be looked into, the form for the system that it is. */
function formFor({ profile }: Host, step: FixStep): Form {
  const { forms = 'systemd' } = profile;
  if (step.for?.includes(forms) === true) return step;
  return step.others?.find((form) => form.for.includes(forms)) ?? step;
}

/**
 * What the user of NixOS does with a printed option. The old definition of a machine, and an option that is to be removed, are
 * found in the configuration and taken out, and keys are changed as it says. All else in the configuration stays.
 */
async function configure(host: Host, { module = '', apply: command }: Form): Promise<string> {
  const [, gone] = /^# Remove "?([^\s"]+)"? from nix\.buildMachines\.$/m.exec(module) ?? [];
  const [, hostName, protocol = ''] = /hostName = "(.*)";\s+protocol = "(.*)";/.exec(module) ?? [];
  if (gone !== undefined) removeMachine(host, gone);
  if (hostName !== undefined) removeMachine(host, hostName, `${protocol}:`);
  const [, option] = /^# Remove nix\.settings\.(\S+) .*from the configuration/m.exec(module) ?? [];
  if (option !== undefined) removeDefinitions(host, `nix.settings.${option}`);
  const [, late = option] = /^# Remove the line that sets (\S+) from nix\.extraOptions/m.exec(module) ?? [];
  if (late !== undefined) removeExtraLine(host, `${late} =`);
  const [, user, keys = ''] =
    /^# In users\.users\."?([\w-]+)"?\.openssh\.authorizedKeys\.keys \(.*?\), (.*)$/m.exec(module) ?? [];
  const [, before] = /^write (.*) and a blank before each key\.$/.exec(keys) ?? [];
  if (user !== undefined)
    changeKeys(host, user, (key) =>
      before === undefined ? key.replace(/^.*(?=\bssh-)/, '') : `${before} ${key}`,
    );
  const [, line] = /^# Remove the line "(.*)" from nix\.extraOptions\.$/m.exec(module) ?? [];
  if (line !== undefined) removeExtraLine(host, line);
  if (module.startsWith('# In place of the line that includes')) removeExtraLine(host, 'include ');
  const [, number] = /^# Remove the machine of line "?(\d+)"? of /m.exec(module) ?? [];
  if (number !== undefined)
    removeMachine(host, ...(host.read('/etc/nix/machines').split('\n')[Number(number) - 1] ?? '').split(' '));
  const { exitCode, stderr } = await nixosSwitch(host, module, command);
  return `${module} => ${exitCode} ${stderr.slice(-600)}`;
}

function edit(
  host: Host,
  { file, add, first, replace, with: replacement }: NonNullable<FixStep['edit']>,
): string {
  const text = existsSync(host.path(file)) ? host.read(file) : '';
  if (add !== undefined) {
    host.write(file, `${text.replace(/\n?$/, '\n')}${add}\n`);
    return `added to ${file}`;
  }
  if (first !== undefined) {
    host.write(file, `${first}\n${text}`);
    return `put at the top of ${file}`;
  }
  if (replace === undefined || replacement === undefined || text.split(replace).length !== 2)
    return `${file} does not hold "${replace}" exactly once`;
  host.write(file, text.split(replace).join(replacement));
  return `${file}: ${replacement}`;
}
