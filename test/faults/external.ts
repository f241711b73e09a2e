import { configure } from './configure.ts';
import type { Fault, Lab } from './fault.ts';

const program = '/nix/external/vm';

/** Says that the build begins (Nix waits for the byte 2) and makes the output. */
const works = `#!/bin/sh
for file; do :; done
printf '\\002\\n'
out=$(sed 's/.*"outputs":{"out":"\\([^"]*\\)"}.*/\\1/' "$file") && echo built > "$out"
`;

const own = {
  client: { nix: '2.34' },
  plainBuildWorks: 'the builder of the machines file is healthy',
} as const;

/** A client whose Nix starts a program for a system that no builder has. */
export async function externalBuilder(
  { client }: Pick<Lab, 'client'>,
  { text = works, mode = 0o755, enabled = true, path = program, more = [] as string[] } = {},
): Promise<void> {
  if (text !== '') client.host.write(program, text, mode);
  await configure(
    client.host,
    `external-builders = ${JSON.stringify([{ systems: ['aarch64-linux'], program: path, args: [] }])}`,
    ...(enabled ? ['extra-experimental-features = external-builders'] : []),
    ...more,
  );
}

/** Only Nix 2.32 and newer have the setting. */
const notOn: Fault['notOn'] = { 'debian-12': 'its Nix is older', alpine: 'its Nix is older' };

const faults: readonly Omit<Fault, keyof typeof own>[] = [
  {
    title: 'the experimental feature of an external builder is not enabled',
    breaks: (lab) => externalBuilder(lab, { enabled: false }),
    scenario: 'external-builder',
    cause: 'external-builders-disabled',
  },
  {
    title: 'an external builder, and no local jobs',
    breaks: (lab) => externalBuilder(lab, { more: ['max-jobs = 0'] }),
    scenario: 'external-builder',
    cause: 'external-builder-no-jobs',
  },
  {
    title: 'the program of an external builder was removed',
    breaks: (lab) => externalBuilder(lab, { text: '' }),
    scenario: 'external-builder',
    cause: 'external-builder-missing',
  },
  {
    title: 'an external builder without its folder',
    breaks: (lab) => externalBuilder(lab, { path: 'external' }),
    scenario: 'external-builder',
    cause: 'external-builder-no-program',
  },
  {
    title: 'the program of an external builder is not executable',
    breaks: (lab) => externalBuilder(lab, { mode: 0o644 }),
    scenario: 'external-builder',
    cause: 'external-builder-not-executable',
  },
  {
    title: 'the interpreter of an external builder is missing',
    breaks: (lab) => externalBuilder(lab, { text: works.replace('/bin/sh', '/no/sh') }),
    scenario: 'external-build',
    cause: 'external-builder-cannot-start',
  },
  {
    title: 'an external builder that ends at once',
    breaks: (lab) => externalBuilder(lab, { text: '#!/bin/sh\necho no licence here >&2\nexit 3\n' }),
    scenario: 'external-build',
    cause: 'external-builder-ended',
  },
  {
    title: 'an external builder that makes no output',
    breaks: (lab) => externalBuilder(lab, { text: "#!/bin/sh\nprintf '\\002\\n'\nexit 2\n" }),
    scenario: 'external-build',
    cause: 'external-build-fails',
  },
  {
    title: 'an external builder in a folder that is closed to build users',
    breaks: async (lab) => {
      lab.client.host.write('/nix/closed/external', works, 0o755);
      await lab.client.host.sh(
        'grep -q ^nixbld: /etc/group || groupadd -r nixbld; grep -q ^nixbld1: /etc/passwd || useradd -r -g nixbld -G nixbld nixbld1; chgrp nixbld /nix/store; chmod 1775 /nix/store; chmod 700 /nix/closed',
      );
      await externalBuilder(lab, { path: '/nix/closed/external', more: ['build-users-group = nixbld'] });
    },
    scenario: 'external-build',
    cause: 'external-builder-closed',
  },
  {
    title: 'an external builder that never begins a build',
    breaks: (lab) => {
      lab.args.push('--timeout', '12s');
      return externalBuilder(lab, { text: '#!/bin/sh\nexec sleep 1000\n' });
    },
    scenario: 'external-build',
    cause: 'external-builder-silent',
  },
];

export const externalFaults: readonly Fault[] = faults.map((fault) => ({ ...own, notOn, ...fault }));
