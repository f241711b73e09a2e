import { clientSshFaults } from './client-ssh.ts';
import { testFaults } from './test-faults.ts';

testFaults(clientSshFaults);
