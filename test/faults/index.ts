import { armFaults } from './arm.ts';
import { buildFolderFaults } from './build-folder.ts';
import { builderConfFaults } from './builder-conf.ts';
import { builderStoreFaults } from './builder-store.ts';
import { clientSshFaults } from './client-ssh.ts';
import { clientFaults } from './client.ts';
import { entryFaults } from './entry.ts';
import { externalFaults } from './external.ts';
import type { Fault } from './fault.ts';
import { handshakeFaults } from './handshake.ts';
import { insecureFaults } from './insecure.ts';
import { keyFaults } from './keys.ts';
import { loginEnvironmentFaults } from './login-environment.ts';
import { loginShellFaults } from './login-shell.ts';
import { macosFaults } from './macos.ts';
import { networkFaults } from './network.ts';
import { loginFaults } from './login.ts';
import { daemonUnitFaults } from './daemon-unit.ts';
import { buildFaults, nixFaults } from './nix.ts';
import { refusedLoginFaults } from './refused-login.ts';
import { sessionLimitFaults } from './session-limits.ts';
import { sshFaults } from './ssh.ts';
import { substituterFaults } from './substituters.ts';

/** Every fault that the laboratory knows, along the path of a build. */
export const faults: readonly Fault[] = [
  ...clientFaults,
  ...daemonUnitFaults,
  ...entryFaults,
  ...externalFaults,
  ...clientSshFaults,
  ...networkFaults,
  ...sshFaults,
  ...loginFaults,
  ...keyFaults,
  ...handshakeFaults,
  ...loginEnvironmentFaults,
  ...loginShellFaults,
  ...refusedLoginFaults,
  ...nixFaults,
  ...sessionLimitFaults,
  ...macosFaults,
  ...builderConfFaults,
  ...buildFolderFaults,
  ...builderStoreFaults,
  ...substituterFaults,
  ...insecureFaults,
  ...armFaults,
  ...buildFaults,
];
