import { laboratory } from './laboratory.ts';
import { nixFaults } from './nix.ts';

laboratory(nixFaults);
