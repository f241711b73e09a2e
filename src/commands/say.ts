import { visible } from '../report/escape/visible.ts';

/** Writes lines for a person. Names and texts may come from files of others, so no control character passes. */
export function say(text: string, stream: NodeJS.WriteStream = process.stdout): void {
  stream.write(`${visible(text)}\n`);
}
