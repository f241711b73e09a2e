/** Something that the user can mend: a wrong option, a file that cannot be read. Ends the program with exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
