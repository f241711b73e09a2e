import type { ReportEvent } from '../events.ts';
import { wantsColor } from '../wants-color.ts';
import { plainLines } from './plain.ts';

/** What shows a run while it goes on. */
export interface Live {
  onEvent: (event: ReportEvent) => void;
  /** Gives the terminal back as it was; harmless when called again. */
  close: () => void;
}

/** For who asked for silence. */
export const noProgress: Live = { onEvent: () => undefined, close: () => undefined };

/** On a terminal the matrix, as it fills; elsewhere, and in CI, a line for each builder that is done. */
export async function liveProgress(stream: NodeJS.WriteStream): Promise<Live> {
  const { CI, TERM } = process.env;
  const screen = stream.isTTY && CI === undefined && TERM !== 'dumb';
  if (!screen) return plainLines(stream);
  const { liveScreen } = await import('./screen.ts');
  return liveScreen(stream, { color: wantsColor(stream) });
}
