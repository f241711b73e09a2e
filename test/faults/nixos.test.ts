import { faults } from './index.ts';
import { testFaults } from './test-faults.ts';

/** One for each kind of option that a fix prints, and what shows on NixOS alone; `npm run faults -- --profile nixos` runs all. */
const titles = [
  'no jobs are allowed',
  'the user is not trusted and the inputs are not signed, 2.34',
  'the key is not authorised for another user',
  'an SSH server that opens no session',
  'a line of nix.conf has no =, 2.34',
  'an untrusted user names builders in a nix.conf of their own',
  'a jump host that refuses the login',
];

testFaults(
  faults.filter(({ title }) => titles.includes(title)),
  { profile: 'nixos' },
);
