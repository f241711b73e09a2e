import { debian } from '../debian.ts';

export const debianSid = debian({
  suite: 'sid',
  nix: '2.34',
  nixConf: 'Its nix.conf says `sandbox = true`, as the package does.',
});
