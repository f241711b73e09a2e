import { testFaults } from './test-faults.ts';
import { entryFaults } from './entry.ts';

testFaults(entryFaults);
