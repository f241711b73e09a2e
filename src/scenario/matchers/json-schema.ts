import { createRequire } from 'node:module';
import type { Ajv2020, ValidateFunction } from 'ajv/dist/2020.js';
import type { Json } from '../observation.ts';
import { expectThat, type Matcher } from './matcher.ts';
import { isTooDeep } from './structured.ts';

/** A value, or a text that is JSON, that is valid by a JSON Schema (draft 2020-12). */
export const jsonSchema: Matcher = {
  name: 'jsonSchema',
  check: (actual, operand, path) => {
    const value = typeof actual === 'string' ? parsed(actual) : actual;
    if (value === undefined)
      return expectThat(false, { matcher: 'jsonSchema', path, expected: operand, actual });
    const validate = validatorOf(operand);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message = 'is not valid' }) => ({
      path: instancePath === '' ? path : `${path}#${instancePath}`,
      matcher: 'jsonSchema',
      expected: message,
      actual: value,
    }));
  },
  operandProblem: (operand) => {
    if (typeof operand !== 'object' || operand === null || Array.isArray(operand))
      return 'it is a JSON Schema';
    try {
      validatorOf(operand);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  },
};

const validators = new Map<string, ValidateFunction>();

/** Throws for what is no schema. */
function validatorOf(schema: Json): ValidateFunction {
  const key = JSON.stringify(schema);
  let found = validators.get(key);
  if (found === undefined) {
    // Loaded when it is asked for: most suites have none.
    const { Ajv2020: Validator } = createRequire(import.meta.url)('ajv/dist/2020.js') as {
      Ajv2020: typeof Ajv2020;
    };
    found = new Validator({ allErrors: true, strict: true }).compile(schema as object);
    validators.set(key, found);
  }
  return found;
}

function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isTooDeep(value) ? undefined : value;
  } catch {
    return undefined;
  }
}
