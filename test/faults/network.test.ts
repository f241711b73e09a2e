import { networkFaults } from './network.ts';
import { laboratory } from './laboratory.ts';

laboratory(networkFaults);
