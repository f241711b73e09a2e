import type { FixChange } from '../generated/types.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { andThen } from './shell.ts';

/** A file's owner and mode, for a person to type; `fix --apply` changes them without a shell. */
export function permissionsForm({ path, mode, owner }: NonNullable<FixChange['permissions']>): Form {
  const file = quoteIfNeeded(path);
  return {
    run: andThen(
      owner === undefined ? '' : `chown ${owner} ${file}`,
      mode === undefined ? '' : `chmod ${mode} ${file}`,
    ),
  };
}
