import { fileURLToPath } from 'node:url';
import { loadCompiled } from './compiled-script.ts';

/** What dist/commands.cjs has for each module of a command: the build puts this in the place of the modules. */
export const commands = loadCompiled(fileURLToPath(new URL('commands.cjs', import.meta.url))) as Record<
  string,
  () => unknown
>;
