import { testFaults } from './test-faults.ts';
import { loginFaults } from './login.ts';

testFaults(loginFaults);
