import { parse } from 'yaml';
import type { Json } from '../observation.ts';
import { isTooDeep, structured } from './structured.ts';

/** In characters. To read more takes longer than a second. */
const longest = 100_000;

/** A text that is one YAML document, looked into with JSON pointers. */
export const yaml = structured('yaml', 'YAML', (text) => {
  if (text.length > longest) return { flaw: `is longer than ${longest} characters` };
  try {
    const value = parse(text, { stringKeys: true, logLevel: 'error' }) as Json;
    return isTooDeep(value) ? { flaw: 'is nested too deeply' } : { value };
  } catch {
    return { flaw: 'is not one document of YAML' };
  }
});
