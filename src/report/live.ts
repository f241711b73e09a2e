import { oneLine } from './escape/visible.ts';
import type { ReportEvent } from './events.ts';

/**
 * Progress while a run goes on. On a terminal one line that is written over; elsewhere nothing but a line for each
 * builder that is done, and only when there are several.
 */
export function liveProgress(stream: NodeJS.WriteStream): (event: ReportEvent) => void {
  return stream.isTTY && process.env['CI'] === undefined ? statusLine(stream) : plainLines(stream);
}

function statusLine(stream: NodeJS.WriteStream): (event: ReportEvent) => void {
  const started = performance.now();
  const running = new Set<string>();
  let total = 0;
  let done = 0;
  const draw = (): void => {
    const seconds = Math.round((performance.now() - started) / 1000);
    const now = [...running].slice(0, 3).join(', ');
    const text = `${done}/${total} builders, ${seconds} s${now === '' ? '' : `: ${now}${running.size > 3 ? ', …' : ''}`}`;
    stream.write(`\r\x1b[K${text.slice(0, Math.max(10, stream.columns - 1))}`);
  };
  let timer: NodeJS.Timeout | undefined;
  return (event) => {
    if (event.type === 'run-started') {
      total = event.builders.length;
      timer = setInterval(draw, 200);
      timer.unref();
    } else if (event.type === 'check-started') running.add(keyOf(event.builder, event.scenario));
    else if (event.type === 'check-finished') running.delete(keyOf(event.builder, event.check.scenario));
    else if (event.type === 'builder-finished') done += 1;
    else {
      clearInterval(timer);
      stream.write('\r\x1b[K');
    }
  };
}

function keyOf(builder: string | null, scenario: string): string {
  return oneLine(builder === null ? scenario : `${builder} ${scenario}`);
}

function plainLines(stream: NodeJS.WriteStream): (event: ReportEvent) => void {
  let total = 0;
  let done = 0;
  return (event) => {
    if (event.type === 'run-started') total = event.builders.length;
    if (event.type !== 'builder-finished') return;
    done += 1;
    if (total > 1)
      stream.write(`${done}/${total} ${oneLine(event.builder.name)}: ${event.builder.verdict}\n`);
  };
}
