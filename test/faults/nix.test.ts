import { testFaults } from './test-faults.ts';
import { nixFaults } from './nix.ts';

testFaults(nixFaults);
