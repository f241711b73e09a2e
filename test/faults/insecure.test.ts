import { insecureFaults } from './insecure.ts';
import { testFaults } from './test-faults.ts';

testFaults(insecureFaults);
