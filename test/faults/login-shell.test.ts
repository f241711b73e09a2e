import { testFaults } from './test-faults.ts';
import { loginShellFaults } from './login-shell.ts';

testFaults(loginShellFaults);
