import { visible } from './visible.ts';

/** The message of a GitHub workflow command (`::error …::MESSAGE`); line ends are kept, encoded. */
export function githubMessage(text: string): string {
  return visible(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** The value of a property of a workflow command (`::error file=VALUE::`). */
export function githubProperty(text: string): string {
  return githubMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
