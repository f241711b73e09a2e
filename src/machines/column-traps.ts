import { looksLikeHostKey } from './promised-features.ts';
import type { Trap } from './trap.ts';

/** Columns that Nix takes and that mean something else than they seem to. */
export const columnTraps: readonly Trap[] = [
  {
    code: 'odd-system',
    because: 'No build asks for such a system. Certain where the entry has no other.',
    column: 1,
    stopsBuilds: (field) => field.split(',').every((system) => system === '' || !isSystem(system)),
    correction: (field) => {
      const lower = field.toLowerCase();
      return lower.split(',').every((system) => isSystem(system)) ? lower : null;
    },
    says: (field) => {
      const odd = field.split(',').find((system) => system !== '' && !isSystem(system));
      if (odd !== undefined && isSystem(odd.toLowerCase()))
        return `Nix compares systems letter by letter, so "${odd}" is not ${odd.toLowerCase()}, and nothing is ever built there for it; write it in small letters`;
      if (!/[^,]/.test(field))
        return `"${field}" is a list of no systems, so nothing but downloads is built there; write e.g. x86_64-linux`;
      return odd === undefined
        ? null
        : `"${odd}" is no system that a derivation asks for, so nothing is ever built there for it; write e.g. x86_64-linux`;
    },
  },
  {
    code: 'shifted-columns',
    column: 2,
    stopsBuilds: (field) => isKnownSystem(field),
    because:
      'Nix reads the columns after it differently from what you intended, for example as a feature that no builder has.',
    says: (field) =>
      isKnownSystem(field)
        ? `the system "${field}" stands in the column of the key, so it and all after it means something else; write the systems without a blank between them`
        : null,
  },
  {
    code: 'relative-key',
    because:
      'Newer versions of Nix refuse the path. Older ones look for it from /, and another key may log in.',
    column: 2,
    stopsBuilds: (path, { features }) => !path.startsWith('/') && features.absoluteSshKey,
    correction: (path) => {
      const inHome = /^(?:~|\$HOME|\$\{HOME\})\/(.*)$/.exec(path)?.[1];
      return inHome === undefined ? null : `/root/${inHome}`;
    },
    says: (path, { features }) => {
      if (path.startsWith('/')) return null;
      if (features.absoluteSshKey)
        return `the path of the key is not absolute, so Nix refuses to connect ("not an absolute path"); write it from / on`;
      return path.startsWith('~')
        ? `"${path}" is in the home of the user that the daemon runs as, which is root's, not yours; write the path from / on`
        : `"${path}" is looked for in /, where Nix runs ssh; write the path from / on`;
    },
  },
  {
    code: 'max-jobs-zero',
    judgedBy: 'slots',
    because: 'Builds that only this builder can do wait for ever.',
    column: 3,
    says: (_field, { builder }) =>
      builder.maxJobs === 0
        ? 'with 0 jobs the builder is never free, and builds that only it can do wait for ever; write 1 or more'
        : null,
  },
  {
    code: 'max-jobs-huge',
    because: 'Builds work, but each takes long to start.',
    column: 3,
    says: (_field, { builder }) =>
      builder.maxJobs > 10_000
        ? `Nix makes ${builder.maxJobs} lock files and tries each of them for every build; write how many builds the machine can run at once`
        : null,
  },
  {
    code: 'signed-number',
    because: 'Nix reads the number without its sign.',
    column: 3,
    says: (field, { builder }) =>
      field.startsWith('+')
        ? `"${field}" counts as ${builder.maxJobs}, and adds to nothing; leave the sign out`
        : null,
  },
  {
    code: 'odd-speed',
    because: 'Builds work; only the choice between builders changes.',
    column: 4,
    says: (field, { builder }) => {
      if (Number.isNaN(builder.speedFactor))
        return `a speed factor of "${field}" compares with nothing: the builder is chosen only if it comes first; write a number`;
      if (!Number.isFinite(builder.speedFactor))
        return `with a speed factor of "${field}" the builder always counts as idle and gets every build; write a number`;
      return Math.fround(Number(field)) === 0 ? 'a speed factor of 0 counts as 1; write what is meant' : null;
    },
  },
  {
    code: 'shifted-columns',
    judgedBy: 'host-key',
    because: 'Builds work where the host key is known elsewhere.',
    column: 5,
    says: (field) =>
      holdsHostKey(field)
        ? 'a host key stands in the column of features; a column before it is missing: write "-" for each empty one'
        : null,
  },
  {
    code: 'shifted-columns',
    because: 'No build needs a feature of that name, so none is ever sent there.',
    column: 6,
    stopsBuilds: 'always',
    says: (field) =>
      holdsHostKey(field)
        ? 'a host key stands in the column of mandatory features, so no build is ever sent there; a column before it is missing: write "-" for each empty one'
        : null,
  },
  {
    code: 'host-key-not-a-line',
    judgedBy: 'matching-keys',
    because: 'ssh finds no key in the column, and refuses the host.',
    column: 7,
    says: (field) =>
      /^(ssh|ecdsa|sk)-/.test(Buffer.from(field, 'base64').toString('latin1'))
        ? null
        : 'this is not the base64 of a whole public key line, so ssh finds no key in it and refuses the host; write what `base64 -w0 /etc/ssh/ssh_host_ed25519_key.pub` prints on the builder',
  },
  {
    code: 'extra-column',
    because: 'Nix ignores the extra columns.',
    column: 8,
    says: (field) =>
      `this and all after it is ignored ("${field}"): an entry has 8 columns; a blank inside a list often makes one too many`,
  },
];

/** `builtin`, or as in `x86_64-linux`. */
function isSystem(text: string): boolean {
  return text === 'builtin' || /^[a-z0-9_]+(-[a-z0-9_]+)+$/.test(text);
}

/** With commas as in a list of systems; never a path. */
function isKnownSystem(text: string): boolean {
  return text
    .split(',')
    .some((system) => /^[a-z0-9_]+-(linux|darwin|freebsd|openbsd|netbsd|windows)$/.test(system));
}

/** Also as one of several. */
function holdsHostKey(field: string): boolean {
  return field.split(',').some(looksLikeHostKey);
}
