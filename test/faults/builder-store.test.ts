import { builderStoreFaults } from './builder-store.ts';
import { testFaults } from './test-faults.ts';

testFaults(builderStoreFaults);
