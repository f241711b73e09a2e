import { say } from './say.ts';

/** Says the notes of a run that those of the run before did not have. */
export function newNotes(): (notes: readonly string[]) => void {
  let known: readonly string[] = [];
  return (notes) => {
    for (const note of notes) if (!known.includes(note)) say(note, process.stderr);
    known = notes;
  };
}
