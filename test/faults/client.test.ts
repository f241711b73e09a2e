import { clientFaults } from './client.ts';
import { testFaults } from './test-faults.ts';

testFaults(clientFaults);
