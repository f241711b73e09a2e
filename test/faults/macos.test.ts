import { macosFaults } from './macos.ts';
import { testFaults } from './test-faults.ts';

testFaults(macosFaults);
