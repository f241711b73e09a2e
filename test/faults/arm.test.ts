import { armFaults } from './arm.ts';
import { testFaults } from './test-faults.ts';

/** One of each kind; `npm run faults -- --only "arm board" --only emulat` tries them all. */
const here = [
  'the entry says x86_64-linux, the builder is an arm board',
  'the emulator cannot be seen in the sandbox',
];

testFaults(armFaults.filter(({ title }) => here.includes(title)));
