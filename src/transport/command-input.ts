import type { RunOptions } from './transport.ts';

interface Input {
  write: (piece: string | Uint8Array) => unknown;
  end: (rest?: string | Uint8Array) => unknown;
}

/** Gives a command its input, at once or as it comes, and the end of it. */
export async function giveInput(stdin: RunOptions['stdin'], to: Input): Promise<void> {
  if (stdin === undefined || typeof stdin === 'string' || stdin instanceof Uint8Array) {
    to.end(stdin);
    return;
  }
  for await (const piece of stdin) to.write(piece);
  to.end();
}
