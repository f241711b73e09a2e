import { sessionLimitFaults } from './session-limits.ts';
import { testFaults } from './test-faults.ts';

testFaults(sessionLimitFaults);
