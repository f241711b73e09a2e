import { CommanderError } from '@commander-js/extra-typings';
import { print } from './cli/print.ts';
import { isUserError } from './support/user-error.ts';
import { program } from './program.ts';

// A reader that closes the pipe early (`| head`) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (isUserError(error)) {
    print(`nix-remote-builder-doctor: ${error.message}`, process.stderr);
    process.exitCode = 2;
  } else throw error;
}
