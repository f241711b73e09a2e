import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packageRoot } from '../support/package-root.ts';
import { print } from '../cli/print.ts';
import { UserError } from '../support/user-error.ts';

/** A scenario that is valid as it stands, to be changed line by line. */
function startingPoint(): string {
  return `# yaml-language-server: $schema=${join(packageRoot, 'schemas', 'scenario.schema.json')}
# An editor that knows YAML's language server completes and explains every key of this file.
title: The builder has git          # what is so when the check passes
about: >-
  Why it matters, for whoever reads the report at night.
stage: nix                          # where it stands on a build's path: client network ssh nix build fleet
target: builder                     # where the command runs: builder, or client
needs: [shell]                      # blocked, not failed, when one of these did not pass
severity: error                     # or warning, advice
effect: none                        # store or build, if it changes something; --read-only runs only none
timeout: 20s
# A text runs in sh; a list of words runs without a shell. {{builder.host}} and the like become one quoted word.
command: command -v git
expect:
  exitCode: 0
  stdout: {matches: '/git$'}        # RE2; ^ and $ match at each line
capture:
  git: {from: stdout, matches: '^(\\S+)$'}
says: git is {{facts.git}}          # said when it passes
hint:                               # the first that matches explains a failure; one without \`when\` matches always
  - when: {exitCode: {anyOf: [{equals: 1}, {equals: 127}]}}
    cause: no-git                   # a short, stable name
    says: There is no git on the PATH of {{builder.host}}.
    fix:
      - {on: builder, says: "Install it, e.g. on Debian", run: apt-get install -y git}
  - cause: git-unclear
    says: 'Looking for git on {{builder.host}} failed: {{observation.stderr}}'
    fix:
      - {on: builder, run: command -v git}
examples:                           # \`lint\` proves expectation and hints with these, without a builder
  - {exitCode: 0, stdout: "/usr/bin/git\\n", outcome: pass}
  - {exitCode: 1, stdout: '', cause: no-git}
  - {exitCode: 2, stdout: '', stderr: 'sh: out of memory', cause: git-unclear}
`;
}

/** \`new PATH\`: writes a starting point. Throws {@link UserError} where there is a file already. */
export async function newScenario(path: string): Promise<number> {
  if (!/\.ya?ml$/.test(path)) throw new UserError(`the name of a scenario file ends in .yaml: ${path}.yaml`);
  if (!/^[a-z0-9][a-z0-9-]*\.ya?ml$/.test(basename(path)))
    throw new UserError('the name of the file is the scenario\'s id: small letters, digits and "-"');
  try {
    await writeFile(path, startingPoint(), { flag: 'wx' });
  } catch (error) {
    throw new UserError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  print(`${path} is a valid scenario. Change it, then:`);
  print(`  nix-remote-builder-doctor lint ${path}`);
  print(`  nix-remote-builder-doctor -s ${path} -t ${basename(path).replace(/\.ya?ml$/, '')}`);
  return 0;
}
