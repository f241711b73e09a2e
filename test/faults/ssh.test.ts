import { sshFaults } from './ssh.ts';
import { testFaults } from './test-faults.ts';

testFaults(sshFaults);
