import { isInOne, networksProblem } from './ip.ts';
import { expectThat, inWords, isMapping, keysProblem, type Matcher } from './matcher.ts';
import { isWithin, networkIn } from './network.ts';

/** A network in CIDR notation that `contains` an address or a network, or is `in` a larger one. */
export const cidr: Matcher = {
  name: 'cidr',
  judges: ['text'],
  check: (actual, operand, path) => {
    const found = typeof actual === 'string' ? networkIn(actual) : null;
    const network = found?.isAddress === false ? found : null;
    const { contains, in: larger } = isMapping(operand) ? operand : {};
    const inner = [contains ?? []].flat().map((text) => networkIn(inWords(text)));
    const holds =
      network !== null &&
      inner.every((one) => one !== null && isWithin(one, network)) &&
      (larger === undefined || isInOne(network, larger));
    return expectThat(holds, {
      matcher: 'cidr',
      path,
      expected: operand,
      actual,
      wanted: [
        'a network',
        ...(contains === undefined ? [] : [`that contains ${[contains].flat().map(inWords).join(' and ')}`]),
        ...(larger === undefined ? [] : [`in ${[larger].flat().map(inWords).join(' or ')}`]),
      ].join(' '),
      ...(network === null && actual !== undefined
        ? { flaw: 'is not a network in CIDR notation such as 10.0.0.0/8' }
        : {}),
    });
  },
  operandProblem: (operand) => {
    const { contains = [], in: networks = [] } = isMapping(operand) ? operand : {};
    return (
      keysProblem(operand, ['contains', 'in'], '{contains: 10.0.0.1}') ??
      networksProblem(contains) ??
      networksProblem(networks)
    );
  },
};
