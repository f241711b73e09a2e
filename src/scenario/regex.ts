import { RE2JS, RE2JSSyntaxException } from 're2js';

const compiled = new Map<string, RE2JS>();

/**
 * A regular expression of a scenario. RE2 takes time linear in the text, so that a hostile builder cannot make
 * it run for ever; it knows no lookaround and no back-references. `^` and `$` match at every line.
 */
export function regex(pattern: string): RE2JS {
  let found = compiled.get(pattern);
  if (found === undefined) {
    found = RE2JS.compile(pattern, RE2JS.MULTILINE);
    compiled.set(pattern, found);
  }
  return found;
}

/** Why the pattern cannot be used, or null. */
export function regexProblem(pattern: string): string | null {
  try {
    regex(pattern);
    return null;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.message;
    throw error;
  }
}

/** The first group of the first match, or null. */
export function firstGroup(pattern: string, text: string): string | null {
  const matcher = regex(pattern).matcher(text);
  return matcher.find() && matcher.groupCount() > 0 ? matcher.group(1) : null;
}

/** How many groups a pattern has. */
export function groupCount(pattern: string): number {
  return regex(pattern).groupCount();
}

/** The text as a pattern that matches just that text. */
export function quoteRegex(text: string): string {
  return RE2JS.quote(text);
}
