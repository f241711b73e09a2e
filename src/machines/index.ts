import type { Builder, Diagnostic } from './builder.ts';
import { Diagnostics } from './diagnostics.ts';
import { readEntry } from './entry.ts';
import { expand } from './expand.ts';
import { featuresOf, parseRelease, releaseName } from './release.ts';
import { warnOfDuplicates, warnOfTraps } from './traps.ts';

export type { Builder, Diagnostic, Field, Source } from './builder.ts';

export interface ParseOptions {
  /** As `nix --version` gives it: `2.34.8`, `nix (Nix) 2.8.0`, `Lix 2.93.0`. */
  nixVersion: string;
  /** The client's system, which an entry without a second column gets. */
  system: string;
  /** Text of an included file; null where there is none. What it throws is reported as an unreadable file. */
  readFile: (path: string) => string | null;
}

/**
 * Reads a machines text (the value of the `builders` setting, or a machines file) exactly as that version of Nix
 * does. An `error` is what makes Nix refuse the whole text; the entries that could be read are returned all the
 * same, so that a caller can go on with them. Never throws.
 */
export function parseMachines(text: string, options: ParseOptions): Machines {
  const steps = machinesInSteps(text, options);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** What was read of a machines text. */
export interface Machines {
  builders: Builder[];
  diagnostics: Diagnostic[];
}

/** The same with a stop after each entry, for a caller that has other things to see to. */
export function* machinesInSteps(text: string, options: ParseOptions): Generator<undefined, Machines> {
  const release = parseRelease(options.nixVersion);
  const features = featuresOf(release);
  const diagnostics = new Diagnostics();
  if (release.flavour === 'lix' && release.minor >= 95 && warnOfToml(text, options, diagnostics))
    return { builders: [], diagnostics: diagnostics.list };
  const entries = expand({ text, line: 1, column: 1 }, { features, readFile: options.readFile, diagnostics });
  const builders: Builder[] = [];
  for (const entry of entries) {
    const builder = readEntry(entry, options.system, features, diagnostics);
    if (builder !== null) builders.push(builder);
    yield;
  }
  for (const builder of builders) {
    warnOfTraps(builder, features, releaseName(release), diagnostics);
    yield;
  }
  warnOfDuplicates(builders, diagnostics);
  const order = [...diagnostics.list].sort(
    (a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line || a.column - b.column,
  );
  return { builders, diagnostics: order };
}

/** Lix 2.95 and later try TOML first; that form is not read here, and saying so beats misreading it. */
function warnOfToml(text: string, { readFile }: ParseOptions, diagnostics: Diagnostics): boolean {
  const path = text.trim().startsWith('@') ? text.trim().slice(1).trim() : null;
  let content: string | null = text;
  if (path !== null) {
    try {
      content = readFile(path);
    } catch {
      // The reader of lines says why.
      content = null;
    }
  }
  if (content === null || !/^\s*(\[\s*machines\b|machines\s*=|version\s*=)/m.test(content)) return false;
  diagnostics.error(
    { text: '', line: 1, column: 1, ...(path === null ? {} : { file: path }) },
    'lix-toml',
    'this is a machines file in the TOML form of Lix 2.95 and later, which the doctor does not read; give it the entries as lines with --builders',
  );
  return true;
}

/** True for the entry that Nix serves without ssh: the host `localhost`, without user and port (ssh.cc, `fakeSSH`). */
export function isFakeSsh({
  scheme,
  host,
  user,
  port,
}: Pick<Builder, 'scheme' | 'host' | 'user' | 'port'>): boolean {
  return (scheme === 'ssh' || scheme === 'ssh-ng') && host === 'localhost' && user === '' && port === null;
}
