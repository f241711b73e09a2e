import type { FixChange, FixStep } from '../generated/types.ts';
import type { Form } from './change.ts';
import { type Entry, machinesForm } from './machines.ts';
import { moduleForm } from './module-form.ts';
import { packageForm } from './package.ts';
import { serviceForm } from './service.ts';
import { permissionsForm } from './permissions.ts';
import { settingForm } from './setting.ts';
import { sshForm } from './ssh.ts';
import { sshdForm } from './sshd.ts';
import { likelySystems, nameOf, type System } from '../system/system.ts';
import { unitForm } from './unit.ts';
import { userForm } from './user.ts';

/** What is known of the machines when a step is printed. */
export interface Machines {
  client: System | null;
  /** Null where the builder could not be looked into. */
  builder: System | null;
  /** The greeting of the builder's SSH server, or empty. */
  banner: string;
  /** The entry that a step of kind `machines` changes; null in a check of the client. */
  entry: Entry | null;
}

/**
 * A step as it is typed on the machine that it is for. Where that machine is not known, the step has the form of the
 * likeliest system, and those of the others in `others`.
 */
export function printStep(step: FixStep, machines: Machines): FixStep {
  const { change, module } = step;
  if (change === undefined && module === undefined) return step;
  const { run: _run, edit: _edit, module: _module, ...rest } = step;
  const known = step.on === 'client' ? machines.client : machines.builder;
  const systems = known === null ? likelySystems(step.on === 'builder' ? machines.banner : '') : [known];
  const [first, ...others] = grouped(
    systems.map((system) => ({ for: [nameOf(system)], ...formOf(step, system, machines) })),
  );
  if (first === undefined) return step;
  const { safe, ...unsafe } = rest;
  // What a program may do by itself is known to be right, and no change of somebody's configuration.
  const mayBeSafe = safe === true && known !== null && (first.run ?? first.edit) !== undefined;
  return {
    ...unsafe,
    ...(mayBeSafe ? { safe } : {}),
    ...first,
    ...(known === null ? { likely: true } : {}),
    ...(others.length === 0 ? {} : { others }),
  };
}

type NamedForm = Form & { for: ReturnType<typeof nameOf>[] };

/** Forms that say the same are one. */
function grouped(forms: readonly NamedForm[]): NamedForm[] {
  const found = new Map<string, NamedForm>();
  for (const { for: names, ...form } of forms) {
    const key = JSON.stringify(form);
    const same = found.get(key);
    if (same === undefined) found.set(key, { ...form, for: names });
    else same.for.push(...names);
  }
  return [...found.values()];
}

function formOf(step: FixStep, system: System, machines: Machines): Form {
  const { change, module, run } = step;
  if (module !== undefined && isOptionOf(module, system) && !changesOwnFile(run))
    return moduleForm(module, system, /^# (Remove|In place of) the line /.test(module));
  if (change === undefined) return run === undefined ? {} : { run };
  return changeForm(change, system, machines);
}

/** A scenario's snippets are for NixOS; of its options nix-darwin has these too. */
function isOptionOf(module: string, { moduleSystem }: System): boolean {
  return (
    moduleSystem === 'nixos' ||
    (moduleSystem === 'nix-darwin' && /\bnix\.(buildMachines|extraOptions|nrBuildUsers)\b/.test(module))
  );
}

/**
 * No module system writes a person's own files, but for the keys that open an account, nor what nix.conf includes; a command may
 * change those and others.
 */
function changesOwnFile(run = ''): boolean {
  return (
    !/\/etc\/(nix\/nix\.conf|ssh\/sshd?_config)\b/.test(run) &&
    /\/\.(config|ssh)\/(?!authorized_keys)|\/etc\/nix\/(?!nix\.conf\b)[\w.-]+\.conf\b/.test(run)
  );
}

function changeForm(change: FixChange, system: System, { entry }: Machines): Form {
  const { setting, sshd, ssh, service, unit, permissions, package: name, user, machines } = change;
  if (setting !== undefined) return settingForm(setting, system);
  if (sshd !== undefined) return sshdForm(sshd, system);
  if (ssh !== undefined) return sshForm(ssh, system);
  if (service !== undefined) return serviceForm(service, system);
  if (unit !== undefined) return unitForm(unit, system);
  if (permissions !== undefined) return permissionsForm(permissions);
  if (name !== undefined) return packageForm(name, system);
  if (user !== undefined) return userForm(user, system);
  return machines === undefined || entry === null ? {} : machinesForm(machines, entry, system);
}
