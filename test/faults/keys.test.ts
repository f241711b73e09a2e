import { keyFaults } from './keys.ts';
import { testFaults } from './test-faults.ts';

testFaults(keyFaults);
