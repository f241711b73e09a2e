import type { RunOptions } from './transport.ts';

/** Input that is there at once. */
export function isWhole(stdin: RunOptions['stdin']): stdin is string | Uint8Array {
  return typeof stdin === 'string' || stdin instanceof Uint8Array;
}

/** Passes input on as it comes. */
export async function writePieces(
  stdin: AsyncIterable<string>,
  to: { write: (piece: string) => unknown; end: () => unknown },
): Promise<void> {
  for await (const piece of stdin) to.write(piece);
  to.end();
}
