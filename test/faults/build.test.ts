import { laboratory } from './laboratory.ts';
import { buildFaults } from './nix.ts';

laboratory(buildFaults);
