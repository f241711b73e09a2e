/** Something that the user can correct: a wrong option, a file that cannot be read. Ends the program with exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The same from another copy of this module: the command line and the commands are bundled apart. */
export function isUserError(error: unknown): error is UserError {
  return error instanceof Error && error.name === UserError.name;
}
