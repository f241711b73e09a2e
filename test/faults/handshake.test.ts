import { testFaults } from './test-faults.ts';
import { handshakeFaults } from './handshake.ts';

testFaults(handshakeFaults);
