import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepAsWritten } from '../../src/fix/as-written.ts';
import type { System } from '../../src/fix/system.ts';
import type { FixStep, ScenarioFix } from '../../src/generated/types.ts';
import { probes } from '../../src/observe/index.ts';
import { loadScenarios } from '../../src/scenario/load.ts';

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
};

/** A step of a fix of the default suite, as written and as printed, with its templates as they are. */
export interface SuiteStep {
  title: string;
  cause: string;
  step: ScenarioFix;
  shown: FixStep;
}

/** Every step of every fix of the default suite, for a system. */
export function suiteSteps(system: System): SuiteStep[] {
  const files = readdirSync('specs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ path: join('specs', name), text: readFileSync(join('specs', name), 'utf8') }));
  const { scenarios, problems } = loadScenarios(files, { probes });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return scenarios.flatMap(({ id, hint }) =>
    hint.flatMap(({ cause = '', fix }) =>
      fix.map((step) => ({ title: `${id} ${cause}`, cause, step, shown: stepAsWritten(step, system) })),
    ),
  );
}
