import { print } from './print.ts';

/** Says the notes of a run that those of the run before did not have. */
export function newNotes(): (notes: readonly string[]) => void {
  let known: readonly string[] = [];
  return (notes) => {
    for (const note of notes) if (!known.includes(note)) print(note, process.stderr);
    known = notes;
  };
}
