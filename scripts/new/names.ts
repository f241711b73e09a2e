import type { Stage } from '../../src/generated/types.ts';

/** How the new thing is called in each place. */
export interface Names {
  /** In scenarios, on the command line and in reports: kebab-case, and camelCase for a matcher. */
  name: string;
  /** In the names of files: kebab-case. */
  file: string;
  /** As a variable: camelCase. */
  identifier: string;
  stage: Stage;
}

export function camelCase(word: string): string {
  return word.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

export function kebabCase(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Fills in the placeholders of a template. */
export function fillIn(template: string, { name, file, identifier }: Names): string {
  const values: Readonly<Record<string, string>> = {
    IDENTIFIER: identifier,
    PASCAL: `${identifier.charAt(0).toUpperCase()}${identifier.slice(1)}`,
    FILE: file,
    NAME: name,
  };
  return template.replace(/IDENTIFIER|PASCAL|FILE|NAME/g, (placeholder) => values[placeholder] ?? '');
}
