/** What stands under each line `--- NAME ---` (or `--- NAME NUMBER ---`) of an answer, by its name. */
export function sectionsIn(text: string): Map<string, string> {
  const parts = text.split(/^--- ([a-z]+(?: \d+)?) ---$/m);
  const sections = new Map<string, string>();
  for (let index = 1; index < parts.length; index += 2)
    sections.set(parts[index] ?? '', (parts[index + 1] ?? '').trim());
  return sections;
}

/** The same; empty where there is no such section. */
export function sectionsOf(text: string): (name: string) => string {
  const sections = sectionsIn(text);
  return (name) => sections.get(name) ?? '';
}
