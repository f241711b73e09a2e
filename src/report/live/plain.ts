import { oneLine } from '../escape/visible.ts';
import type { Live } from './live.ts';

/** A line for each builder that is done, where there are several. */
export function plainLines(stream: NodeJS.WritableStream): Live {
  let total = 0;
  let done = 0;
  return {
    onEvent: (event) => {
      if (event.type === 'run-started') total = event.builders.length;
      if (event.type !== 'builder-finished') return;
      done += 1;
      if (total > 1)
        stream.write(`${done}/${total} ${oneLine(event.builder.name)}: ${event.builder.verdict}\n`);
    },
    close: () => undefined,
  };
}
