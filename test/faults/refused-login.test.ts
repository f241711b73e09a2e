import { refusedLoginFaults } from './refused-login.ts';
import { testFaults } from './test-faults.ts';

testFaults(refusedLoginFaults);
