import { type Document, isScalar, Scalar, visit } from 'yaml';

/** A scalar that YAML reads otherwise than it looks. */
export interface YamlTrap {
  code: 'yaml-number' | 'yaml-boolean';
  /** Offsets in the file. */
  range: [number, number];
  what: string;
  fix: string;
}

/** Keys whose values are texts for people or for a shell, where no such word means anything else. */
const proseKeys = new Set([
  'title',
  'about',
  'says',
  'command',
  'run',
  'id',
  'needs',
  'cause',
  'timeout',
  'delay',
]);

/** Numbers that lose something on the way (`2.10` is 2.1), and words that only older YAML took for truth values. */
export function yamlTraps(document: Document): YamlTrap[] {
  const traps: YamlTrap[] = [];
  visit(document, {
    Pair: (_, { key }) => (isScalar(key) && proseKeys.has(String(key.value)) ? visit.SKIP : undefined),
    Scalar: (key, node) => {
      const { source, value, type, range } = node;
      if (key === 'key' || type !== Scalar.PLAIN || source === undefined || !range) return;
      const place: [number, number] = [range[0], range[1]];
      if (typeof value === 'number' && String(value) !== source && !/^[-+]?\.?(inf|nan)$/i.test(source)) {
        traps.push({
          code: 'yaml-number',
          range: place,
          what: `YAML reads ${source} as the number ${value}`,
          fix: `write '${source}' in quotes, or ${value}`,
        });
      }
      if (typeof value === 'string' && /^(yes|no|on|off)$/i.test(value)) {
        const truth = /^(yes|on)$/i.test(value);
        traps.push({
          code: 'yaml-boolean',
          range: place,
          what: `${source} is a text here, no truth value`,
          fix: `write ${truth}, or '${source}' in quotes if the text is meant`,
        });
      }
    },
  });
  return traps;
}
