import type { FixStep } from '../generated/types.ts';

/** One step of a fix on one line, for outputs that have no better form. */
export function fixText({ on, says, run, edit }: FixStep): string {
  const what = run === undefined ? editText(edit) : `$ ${run}`;
  return `on the ${on}: ${says === undefined ? '' : `${says}: `}${what}`;
}

function editText(edit: FixStep['edit']): string {
  if (edit === undefined) return '';
  return edit.add === undefined
    ? `in ${edit.file}, replace ${edit.replace ?? ''} with ${edit.with ?? ''}`
    : `add to ${edit.file}: ${edit.add}`;
}
