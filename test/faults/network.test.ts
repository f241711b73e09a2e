import { networkFaults } from './network.ts';
import { testFaults } from './test-faults.ts';

testFaults(networkFaults);
