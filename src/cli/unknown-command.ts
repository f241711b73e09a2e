import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { suggestWord } from '../support/did-you-mean.ts';

/** Before a command runs: a first word that is no command and no option is not an argument of the default command. */
export function refuseUnknownCommand(program: CommandUnknownOpts): void {
  const [word] = program.args;
  if (word === undefined || (word.startsWith('-') && word !== '-')) return;
  const known = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());
  if (!known.includes(word))
    program.error(`error: unknown command '${word}'${suggestWord(word, known)}`, {
      code: 'commander.unknownCommand',
    });
}
