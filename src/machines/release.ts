/** Which Nix reads the text. */
export interface NixRelease {
  flavour: 'nix' | 'lix';
  major: number;
  minor: number;
  patch: number;
}

/**
 * Reads `2.34.8`, `nix (Nix) 2.8.0`, `2.19.0pre20230101_abc`, `Lix 2.95.3`, `nix (Lix, like Nix) 2.91.1` or
 * `nix (Determinate Nix 3.6.8) 2.30.0`: the last number is Nix's own. A bare 2.90 or later is Lix, which numbers
 * from there on. Without a number: the newest known.
 */
export function parseRelease(text: string): NixRelease {
  const match = [...text.matchAll(/(\d+)\.(\d+)(?:\.(\d+))?/g)].at(-1);
  const [, major = '2', minor = '34', patch = '0'] = match ?? [];
  const lix = /lix/i.test(text) || (!/nix/i.test(text) && major === '2' && Number(minor) >= 90);
  return { flavour: lix ? 'lix' : 'nix', major: Number(major), minor: Number(minor), patch: Number(patch) };
}

/** `Nix 2.8.0`, for messages. */
export function releaseName({ flavour, major, minor, patch }: NixRelease): string {
  return `${flavour === 'lix' ? 'Lix' : 'Nix'} ${major}.${minor}.${patch}`;
}

/** How a release differs from others in reading machines and choosing one. */
export interface Features {
  /** Comments are removed before `;` splits, and entries are trimmed (2.29, 2.28.2, 2.24.15; machines.cc). */
  trimsEntries: boolean;
  /** The speed factor is a float32, and systems are a sorted set (2.20; Lix). */
  floatSpeed: boolean;
  /** The URI is parsed with the entry, rendered anew, and a bad one refuses the text (2.23). */
  storeReference: boolean;
  /** URLs are read by Boost.URL, and ports are passed to ssh (2.31). */
  boostUrl: boolean;
  /** `?port=N` is passed to ssh (Lix). */
  portParam: boolean;
  /** An ssh key must be an absolute path (2.34). */
  absoluteSshKey: boolean;
  /** `max-connections` above 1 hangs an ssh-ng builder for ever (2.4 to 2.31). */
  connectionsDeadlock: boolean;
  /** A bad host key is told in a trace, not in one line (2.25). */
  base64Trace: boolean;
  /** `builtin` builds go to any machine (2.5). */
  builtinAnywhere: boolean;
  /** Max-jobs 0 counts as "cannot build here" (2.14). */
  maxJobsCounts: boolean;
  /** Slot files are named by a hash of the URI (Lix). */
  hashedSlots: boolean;
  /** There is a setting `external-builders` (2.32; Determinate Nix has it in older numbers too). */
  externalBuilders: boolean;
}

/** The one place where versions are told apart. */
export function featuresOf(release: NixRelease): Features {
  const { minor, patch } = release;
  const lix = release.flavour === 'lix';
  const since = (wanted: number): boolean => !lix && (release.major > 2 || minor >= wanted);
  return {
    trimsEntries: since(29) || (!lix && ((minor === 28 && patch >= 2) || (minor === 24 && patch >= 15))),
    floatSpeed: lix || since(20),
    storeReference: since(23),
    boostUrl: since(31),
    portParam: lix,
    absoluteSshKey: since(34),
    connectionsDeadlock: !lix && since(4) && !since(32),
    base64Trace: since(25),
    builtinAnywhere: lix || since(5),
    maxJobsCounts: lix || since(14),
    hashedSlots: lix,
    externalBuilders: since(32),
  };
}

/** Where there is no Nix to ask: read as a new one does. */
export const assumedVersion = '2.34';
