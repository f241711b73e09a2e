import type { Command, Transport } from '../transport/transport.ts';

/**
 * A place whose login may turn out to be unable to open /dev/null. From `spare` on, commands write to /dev/zero what
 * they would write there: it takes and drops everything too. Else a shell runs none of the commands that say nothing.
 */
export function sparingDevNull(transport: Transport, isSpared: () => boolean): Transport {
  return {
    get name() {
      return transport.name;
    },
    run: (command, options) => transport.run(isSpared() ? withoutDevNull(command) : command, options),
    close: () => transport.close(),
  };
}

function withoutDevNull(command: Command): Command {
  const replaced = (text: string): string => text.replace(/(>>?\s*)\/dev\/null\b/g, '$1/dev/zero');
  return typeof command === 'string' ? replaced(command) : command.map(replaced);
}
