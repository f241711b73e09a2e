import { testFaults } from './test-faults.ts';
import { builderConfFaults } from './builder-conf.ts';

testFaults(builderConfFaults);
