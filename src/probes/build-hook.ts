import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { noClientSettings, type Probe } from './probe.ts';

/** The program that Nix starts for everything that leaves this machine, looked for where its daemon looks. */
export const buildHook: Probe = {
  name: 'build-hook',
  parameters: [],
  required: [],
  observe: async (_parameters, { client }) => {
    if (client.buildHook === null) throw noClientSettings(client);
    const [program = ''] = client.buildHook;
    const { PATH = '' } = client.environment.env;
    const found = await isProgram(program, PATH);
    return { value: { hook: client.buildHook.join(' '), program, found, path: PATH } };
  },
};

/** Whether execvp(3) finds it. */
async function isProgram(name: string, path: string): Promise<boolean> {
  if (name === '') return false;
  const files = name.includes('/') ? [name] : path.split(':').map((folder) => resolve('/', folder, name));
  const looks = await Promise.allSettled(files.map((file) => access(file, constants.X_OK)));
  return looks.some(({ status }) => status === 'fulfilled');
}
