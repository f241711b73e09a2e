import { sshFaults } from './ssh.ts';
import { laboratory } from './laboratory.ts';

laboratory(sshFaults);
