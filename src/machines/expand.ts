import type { Diagnostics } from './diagnostics.ts';
import type { Features } from './release.ts';
import { type Span, slice, tokenize, trim, withoutComment } from './text.ts';

export interface ExpandInput {
  features: Features;
  /** Null: there is no such file. May throw for any other failure. */
  readFile: (path: string) => string | null;
  diagnostics: Diagnostics;
  /** Files included so far. */
  files?: number;
}

/**
 * Splits a machines text into entries and follows its includes, as Nix does (machines.cc, `expandBuilderLines`).
 * Before 2.29 a `;` splits even inside a comment, and nothing is trimmed, so that a line of blanks is an entry.
 */
export function expand(text: Span, input: ExpandInput, above: readonly string[] = []): Span[] {
  return input.features.trimsEntries ? expandTrimmed(text, input, above) : expandRaw(text, input, above);
}

function expandTrimmed(text: Span, input: ExpandInput, above: readonly string[]): Span[] {
  return tokenize(text, '\n').flatMap((line) =>
    tokenize(withoutComment(line), ';').flatMap((piece) => {
      const entry = trim(piece);
      if (entry.text === '') return [];
      return entry.text.startsWith('@') ? include(entry, input, above) : [entry];
    }),
  );
}

function expandRaw(text: Span, input: ExpandInput, above: readonly string[]): Span[] {
  return tokenize(text, '\n').flatMap((whole) => {
    const comment = whole.text.indexOf('#');
    return tokenize(whole, ';').flatMap((piece) => {
      const entry = withoutComment(piece);
      if (entry.text === '') return [];
      warnOfRawTraps(entry, piece.column - whole.column > comment && comment >= 0, input.diagnostics);
      return entry.text.startsWith('@') ? include(entry, input, above) : [entry];
    });
  });
}

function warnOfRawTraps(entry: Span, inComment: boolean, diagnostics: Diagnostics): void {
  const trimmed = trim(entry);
  if (inComment && trimmed.text !== '') {
    diagnostics.warn(
      trimmed,
      'semicolon-in-comment',
      `a ";" inside a comment starts a new entry in this version of Nix, so "${trimmed.text}" is read as a builder; take the ";" out of the comment`,
    );
  } else if (trimmed.text.startsWith('@') && !entry.text.startsWith('@')) {
    diagnostics.warn(
      trimmed,
      'indented-include',
      `an include that is indented is no include in this version of Nix: "${trimmed.text}" is read as a builder; remove the blanks before it`,
    );
  }
}

/** More than anybody has, and few enough to follow in a moment. */
const most = { deep: 100, files: 1000 };

function include(entry: Span, input: ExpandInput, above: readonly string[]): Span[] {
  const { text: path } = trim(slice(entry, 1, entry.text.length));
  if (above.includes(path)) {
    input.diagnostics.error(
      entry,
      'include-cycle',
      `${[...above, path].join(' includes ')}: Nix follows this for ever and ends with "stack overflow (possible infinite recursion)"; remove the include`,
    );
    return [];
  }
  if (above.length >= most.deep || (input.files ?? 0) >= most.files) {
    input.diagnostics.error(
      entry,
      'too-many-includes',
      `${path} is not followed: the text includes more than ${most.files} files, or deeper than ${most.deep}, and Nix takes as long over them at every build; write the entries into one file`,
    );
    return [];
  }
  input.files = (input.files ?? 0) + 1;
  let text: string | null;
  try {
    text = input.readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    input.diagnostics.error(
      entry,
      'include-unreadable',
      `the file ${path} cannot be read (${reason}), which ends every build; correct its path or its permissions`,
    );
    return [];
  }
  if (text === null) {
    input.diagnostics.warn(
      entry,
      'include-missing',
      `there is no file ${path}; Nix says nothing and goes on without its builders; create it or correct the path`,
    );
    return [];
  }
  return expand({ text, file: path, line: 1, column: 1 }, input, [...above, path]);
}
