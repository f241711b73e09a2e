import type { Builder } from '../fleet/index.ts';
import { type Fault, since } from './fault.ts';

/** An entry that Nix accepts and can never build through. */
function entry(
  title: string,
  line: (builder: Builder) => string,
  cause: string,
  more: Partial<Fault> = {},
): Fault {
  return {
    title,
    breaks: ({ client, builder }) => client.machines(line(builder)),
    scenario: 'entry',
    cause,
    ...more,
  };
}

const refusedByNewer = { notOn: { nixos: 'its newer Nix refuses the whole file' } };
const unknownMeaning = { fixNotRun: 'only its owner knows what the entry was meant to say' };

export const entryFaults: readonly Fault[] = [
  entry(
    'the host key stands in the column of mandatory features',
    (builder) => builder.line('ssh-ng', `x86_64-linux - 4 1 - ${builder.publicHostKey}`),
    'entry-columns-shifted',
    unknownMeaning,
  ),
  entry(
    'the same, Nix 2.34',
    (builder) => builder.line('ssh', `x86_64-linux - 4 1 - ${builder.publicHostKey}`),
    'entry-columns-shifted',
    { ...unknownMeaning, client: { nix: '2.34' } },
  ),
  ...(['2.8', '2.26'] as const).map((nix) =>
    entry(
      `max-connections above 1 with Nix ${nix}`,
      ({ name }) => `ssh-ng://root@${name}?max-connections=4&compress=true x86_64-linux - 4`,
      'max-connections-hangs',
      { client: { nix }, ...since(nix) },
    ),
  ),
  entry(
    'the URI in double quotes',
    ({ name }) => `"ssh-ng://root@${name}" x86_64-linux - 4`,
    'entry-mistyped',
    refusedByNewer,
  ),
  entry(
    'a byte order mark before the URI',
    (builder) => `\ufeff${builder.line()}`,
    'entry-mistyped',
    refusedByNewer,
  ),
  ...(['2.8', '2.34'] as const).map((nix) =>
    entry(
      `one slash after the scheme, Nix ${nix}`,
      ({ name }) => `ssh-ng:/root@${name} x86_64-linux - 4`,
      'entry-mistyped',
      {
        client: { nix },
        ...since(nix),
      },
    ),
  ),
  entry('the scheme in capitals', ({ name }) => `SSH-NG://root@${name} x86_64-linux - 4`, 'entry-mistyped'),
  entry('the system in capitals', (builder) => builder.line('ssh-ng', 'x86_64-Linux - 4'), 'entry-mistyped'),
  entry('a slash after the host', ({ name }) => `ssh-ng://root@${name}/ x86_64-linux - 4`, 'entry-mistyped'),
  entry(
    'a parameter with a value that Nix refuses',
    ({ name }) => `ssh-ng://root@${name}?compress=maybe x86_64-linux - 4`,
    'entry-unusable',
    unknownMeaning,
  ),
  entry(
    'a blank in the list of systems',
    (builder) => builder.line('ssh-ng', 'x86_64-linux, i686-linux - 4 1'),
    'entry-columns-shifted',
    unknownMeaning,
  ),
  entry('two schemes', ({ name }) => `ssh://ssh-ng://root@${name} x86_64-linux - 4`, 'entry-mistyped'),
  entry(
    'a cache in place of a builder',
    () => 'https://cache.example.org x86_64-linux - 4',
    'entry-is-a-cache',
    unknownMeaning,
  ),
  entry(
    'a system without an operating system',
    (builder) => builder.line('ssh-ng', 'x86_64 - 4'),
    'entry-without-system',
    unknownMeaning,
  ),
  entry(
    'a path after the host',
    ({ name }) => `ssh-ng://root@${name}/nix x86_64-linux - 4`,
    'entry-unusable',
    {
      ...unknownMeaning,
      client: { nix: '2.34' },
    },
  ),
];
