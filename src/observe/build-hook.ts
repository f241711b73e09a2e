import { access, constants } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CannotObserve, doesNotApply, type Probe } from './probe.ts';

/** The program that Nix starts for everything that leaves this machine, looked for where its daemon looks. */
export const buildHook: Probe = {
  name: 'build-hook',
  parameters: [],
  required: [],
  observe: async (_parameters, { client }) => {
    if (client.buildHook === null) throw new CannotObserve(doesNotApply, 'Nix could not be asked');
    const [program = ''] = client.buildHook;
    const { PATH = '' } = client.environment.env;
    const found = await findProgram(program, PATH);
    return { value: { hook: client.buildHook.join(' '), program, found: found !== null, path: PATH } };
  },
};

/** As execvp(3) finds it; null where it does not. */
async function findProgram(program: string, path: string): Promise<string | null> {
  if (program === '') return null;
  const files = program.includes('/')
    ? [program]
    : path.split(':').map((folder) => resolve('/', folder, program));
  for (const file of files)
    if (
      await access(file, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return file;
  return null;
}
