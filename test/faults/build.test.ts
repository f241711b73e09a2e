import { testFaults } from './test-faults.ts';
import { buildFaults } from './nix.ts';

testFaults(buildFaults);
