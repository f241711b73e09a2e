import { painter } from '../table/paint.ts';
import { drawScreen } from './draw.ts';
import type { Live } from './live.ts';
import { Progress } from './progress.ts';

const everyMs = 150;

/** The alternate screen: the terminal itself brings back what stood there before, whatever happens to its size. */
const enter = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const leave = '\x1b[?7h\x1b[?25h\x1b[?1049l';

/** Draws the whole screen anew, several times a second, until the run is over. */
export function liveScreen(stream: NodeJS.WriteStream, { color }: { color: boolean }): Live {
  const progress = new Progress();
  const paint = painter(color);
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    const lines = drawScreen(progress, {
      paint,
      width: stream.columns,
      height: stream.rows,
      now: performance.now(),
    });
    stream.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  };
  const close = (): void => {
    if (timer === undefined) return;
    clearInterval(timer);
    timer = undefined;
    stream.off('resize', draw);
    process.off('exit', close);
    stream.write(leave);
  };
  return {
    onEvent: (event) => {
      progress.add(event, performance.now());
      if (event.type === 'run-started') {
        stream.write(enter);
        timer = setInterval(draw, everyMs);
        stream.on('resize', draw);
        // Whatever ends the process, the terminal is given back.
        process.on('exit', close);
        draw();
      } else if (event.type === 'run-finished') close();
    },
    close,
  };
}
