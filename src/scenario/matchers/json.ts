import type { Json } from '../observation.ts';
import { isTooDeep, structured } from './structured.ts';

/** A text that is JSON, or a structure, looked into with JSON pointers. */
export const json = structured('json', 'JSON', (text) => {
  try {
    const value = JSON.parse(text) as Json;
    return isTooDeep(value) ? { flaw: 'is nested too deeply' } : { value };
  } catch {
    return { flaw: 'is not JSON' };
  }
});
