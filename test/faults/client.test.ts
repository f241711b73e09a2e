import { clientFaults } from './client.ts';
import { laboratory } from './laboratory.ts';

laboratory(clientFaults);
