import { handshakeFaults } from './handshake.ts';
import { testFaults } from './test-faults.ts';

testFaults(handshakeFaults.filter(({ title }) => title.endsWith('2.34')));
