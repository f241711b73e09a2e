/** As `JSON.stringify(report, null, 2)`, with a piece for each builder: the whole is a long text. */
export function* jsonPieces(report: object): Generator<string> {
  let before = '{\n';
  for (const [key, value] of Object.entries(report) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${before}  ${JSON.stringify(key)}: `;
    before = ',\n';
    if (Array.isArray(value) && value.length > 0) {
      for (const [index, item] of value.entries())
        yield `${index === 0 ? '[' : ','}\n    ${indented(item, '    ')}`;
      yield '\n  ]';
    } else yield indented(value, '  ');
  }
  yield '\n}\n';
}

/** No line feed in JSON stands inside a text. */
function indented(value: unknown, blanks: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${blanks}`);
}
