import type { Json } from '../observation.ts';
import { expectThat, inWords, isMapping, isTemplate, keysProblem, type Matcher } from './matcher.ts';
import { isWithin, type Network, networkIn } from './network.ts';

/** An IP address of a `version`, or `in` one of several networks. */
export const ip: Matcher = {
  name: 'ip',
  judges: ['text'],
  check: (actual, operand, path) => {
    const address = typeof actual === 'string' ? networkIn(actual) : null;
    const found = address?.isAddress === true ? address : null;
    const { version, in: networks } = isMapping(operand) ? operand : {};
    const holds =
      found !== null &&
      (version === undefined || found.version === version) &&
      (networks === undefined || isInOne(found, networks));
    return expectThat(holds, {
      matcher: 'ip',
      path,
      expected: operand,
      actual,
      wanted: [
        version === undefined ? 'an IP address' : `an IPv${inWords(version)} address`,
        ...(networks === undefined ? [] : [`in ${[networks].flat().map(inWords).join(' or ')}`]),
      ].join(' '),
      ...(found === null && actual !== undefined ? { flaw: 'is not an IP address' } : {}),
    });
  },
  operandProblem: (operand) => {
    const { version = 4, in: networks = [] } = isMapping(operand) ? operand : {};
    const wrongKeys = keysProblem(operand, ['in', 'version'], '{in: 10.0.0.0/8}');
    if (wrongKeys !== null) return wrongKeys;
    return version === 4 || version === 6 ? networksProblem(networks) : 'its version is 4 or 6';
  },
};

/** Whether it is in one of these networks. What is no network holds nothing. */
export function isInOne(inner: Network, networks: Json): boolean {
  return [networks].flat().some((text) => {
    const outer = typeof text === 'string' ? networkIn(text) : null;
    return outer !== null && isWithin(inner, outer);
  });
}

/** Why this is not a network or a list of them, or null. */
export function networksProblem(networks: Json): string | null {
  const wrong = [networks]
    .flat()
    .find((text) => !isTemplate(text) && (typeof text !== 'string' || networkIn(text) === null));
  return wrong === undefined
    ? null
    : `${JSON.stringify(wrong)} is not a network such as 10.0.0.0/8 or fd00::/8`;
}
