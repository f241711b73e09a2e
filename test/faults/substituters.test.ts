import { testFaults } from './test-faults.ts';
import { substituterFaults } from './substituters.ts';

testFaults(substituterFaults);
