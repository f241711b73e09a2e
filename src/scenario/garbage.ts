import { exampleContext } from './examples.ts';
import { judge } from './judge.ts';
import type { Observation } from './observation.ts';
import type { Problem } from './problem.ts';
import type { Scenario } from './scenario.ts';
import { TemplateError } from './template/template-error.ts';

/** What a command can show that did nothing that was asked for. */
const nothing: readonly { name: string; seen: Observation; speaksOf: (expect: object) => boolean }[] = [
  {
    name: 'a command that is not even found',
    seen: {
      exitCode: 127,
      signal: null,
      stdout: '',
      stderr: 'sh: 1: command: not found',
      timedOut: false,
      durationMs: 1,
    },
    speaksOf: () => true,
  },
  {
    name: 'an empty output, and on any other',
    seen: { exitCode: 0, signal: null, stdout: '', stderr: '', timedOut: false, durationMs: 1 },
    speaksOf: (expect) => 'stdout' in expect,
  },
];
const garbage: Observation = { ...nothing[1]?.seen, stdout: '\u0007 garbage 9f3c \ufffd\n' };

/** A scenario of a command that passes whatever the command does asserts nothing. */
export function checkGarbage(scenario: Scenario): Problem[] {
  if (scenario.command === undefined) return [];
  const context = exampleContext(scenario.examples[0], scenario.each);
  const passes = (seen: Observation): boolean => {
    try {
      return judge({ ...scenario, capture: {} }, seen, context).outcome === 'pass';
    } catch (error) {
      // A value that only a real run has.
      if (error instanceof TemplateError) return false;
      throw error;
    }
  };
  const found = nothing.find(
    ({ seen, speaksOf }) =>
      speaksOf(scenario.expect) && passes(seen) && (seen.exitCode !== 0 || passes(garbage)),
  );
  if (found === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'passes-on-garbage',
      file: scenario.source.file,
      ...scenario.source.at(['expect']),
      what: `this would pass on ${found.name}`,
      fix: found.seen.exitCode === 0 ? 'say what the output must hold' : 'add exitCode: 0',
    },
  ];
}
