import type { Report } from '../../src/generated/types.ts';

/** Characters of a message that can be read at a glance. */
const longest = 400;

/** What the engine writes where no hint explains a miss. */
const expectationText =
  /^(there is no )?(exitCode|signal|stdout|stderr|durationMs|timedOut|value|error|builder|client|facts|vars)\S* ?(is .*(expected|fits none of)|lacks |, expected|expected )|^failed$/;

/** Why a message of the default suite must not reach a reader, or null. */
export function problemOf(message: string): string | null {
  if (message.length > longest) return `${message.length} characters: ${message}`;
  return expectationText.test(message.replace(/^(does not apply|could not be measured): /, ''))
    ? `an expectation in place of a sentence: ${message}`
    : null;
}

/** Every message of a report that is too long or a default text. */
export function messageProblems({ clientChecks, builders }: Report): string[] {
  return [...clientChecks, ...builders.flatMap(({ checks }) => checks)]
    .filter(({ outcome }) => ['fail', 'warn', 'error', 'skip'].includes(outcome))
    .flatMap(({ scenario, message }) => {
      const problem = problemOf(message);
      return problem === null ? [] : [`${scenario}: ${problem}`];
    });
}
