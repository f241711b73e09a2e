import { debian } from '../debian.ts';

export const debian12 = debian({
  suite: 'bookworm',
  nix: '2.8',
  nixConf: 'Its nix.conf says `sandbox = false`, as the package does.',
});
