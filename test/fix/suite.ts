import { stepAsWritten } from '../../src/fix/as-written.ts';
import type { System } from '../../src/system/system.ts';
import type { FixStep, ScenarioFix } from '../../src/generated/types.ts';
import { defaultSuite } from '../scenario/default-suite.ts';

export const nixos: System = {
  id: 'nixos',
  family: 'linux',
  init: 'systemd',
  moduleSystem: 'nixos',
  determinate: false,
  nixConf: '/etc/nix/nix.conf',
  packages: 'none',
  sshService: 'sshd',
  sshdDropIns: false,
  sshDropIns: false,
  lateSettings: [],
};

/** A step of a fix of the default suite, as written and as printed, with its templates as they are. */
export interface SuiteStep {
  title: string;
  cause: string;
  step: ScenarioFix;
  shown: FixStep;
}

/** Every step of every fix of the default suite, for a system. */
export async function suiteSteps(system: System): Promise<SuiteStep[]> {
  const scenarios = await defaultSuite();
  return scenarios.flatMap(({ id, hint }) =>
    hint.flatMap(({ cause = '', fix }) =>
      fix.map((step) => ({ title: `${id} ${cause}`, cause, step, shown: stepAsWritten(step, system) })),
    ),
  );
}
