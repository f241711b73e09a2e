import { loginEnvironmentFaults } from './login-environment.ts';
import { testFaults } from './test-faults.ts';

testFaults(loginEnvironmentFaults);
