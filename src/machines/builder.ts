/** One entry of the machines file, as Nix understands it. */
export interface Builder {
  /** Nix's own rendering of the store URI: the name of its slot files and of its log lines. */
  uri: string;
  /** `ssh`, `ssh-ng`, or whatever other store the entry names (`local`, `unix`, `http`, …). */
  scheme: string;
  /** What `ssh` is given as host, without user, port and brackets; empty where the store needs none. */
  host: string;
  /** Empty where the entry names none (ssh then takes its own configuration's). */
  user: string;
  /** Only where this version of Nix passes it on (2.31 and later, or Lix's `?port=`). */
  port: number | null;
  /** Store parameters of the URI, decoded, first of duplicates wins. */
  params: Record<string, string>;
  systems: string[];
  /** Path given to `ssh -i`, or empty. Column 3 overrides `?ssh-key=`. */
  sshKey: string;
  maxJobs: number;
  speedFactor: number;
  supportedFeatures: string[];
  mandatoryFeatures: string[];
  /** Base64 of a whole `ssh-ed25519 AAAA…` line, as in column 8, or empty. Column 8 overrides the URI's parameter. */
  publicHostKey: string;
  /** The entry's text, trimmed and without its comment: what `--builders` can be given again. */
  entry: string;
  source: Source;
  /** Where each present column of the entry stands, in column order (0 = URI). */
  fields: Field[];
}

/** `file` is absent where the entry stands in the `builders` setting itself. Lines and columns count from 1. */
export interface Source {
  file?: string;
  line: number;
  column: number;
}

export interface Field {
  text: string;
  line: number;
  column: number;
}

export interface Diagnostic {
  /** `error`: Nix refuses the whole text. `warning`: Nix accepts it in silence and does something unexpected. */
  severity: 'error' | 'warning';
  /** Stable id, e.g. `bad-number`. */
  code: string;
  /** What is wrong, what Nix does about it, and how to correct it, in that order. */
  message: string;
  file?: string;
  line: number;
  column: number;
  /** Only on a warning: no build can run through this entry. */
  stopsBuilds?: true;
  /** A column of the entry (0 = URI) as it was meant, where that is certain. */
  correction?: { column: number; text: string };
}
