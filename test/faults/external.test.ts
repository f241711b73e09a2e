import { externalFaults } from './external.ts';
import { testFaults } from './test-faults.ts';

testFaults(externalFaults);
