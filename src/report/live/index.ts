import { wantsColor } from '../wants-color.ts';
import type { Live } from './live.ts';
import { plainLines } from './plain.ts';

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
