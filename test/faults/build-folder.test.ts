import { testFaults } from './test-faults.ts';
import { buildFolderFaults } from './build-folder.ts';

testFaults(buildFolderFaults);
