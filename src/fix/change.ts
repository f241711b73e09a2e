import type { FixChange, FixEdit } from '../generated/types.ts';

/** One way to make a change: a command, an edit of a file, or an option and the command that puts it in force. */
export interface Form {
  run?: string;
  edit?: FixEdit;
  module?: string;
  apply?: string;
}

/** What a step changes: exactly one kind. */
export type Kind = keyof FixChange;

export const kinds = [
  'setting',
  'sshd',
  'ssh',
  'service',
  'unit',
  'permissions',
  'package',
  'user',
  'machines',
] as const satisfies readonly Kind[];
