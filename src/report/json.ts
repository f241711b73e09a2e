/** As `JSON.stringify(report, null, 2)`, with a piece for each builder: the whole is a long text. */
export function* jsonPieces(report: object): Generator<string> {
  let before = '{\n';
  for (const [key, value] of Object.entries(report) as [string, unknown][]) {
    if (value === undefined) continue;
    yield `${before}  ${JSON.stringify(key)}: `;
    before = ',\n';
    if (Array.isArray(value) && value.length > 0) {
      for (const [index, item] of value.entries()) yield `${index === 0 ? '[' : ','}\n    ${inside(2, item)}`;
      yield '\n  ]';
    } else yield inside(1, value);
  }
  yield '\n}\n';
}

/** The value as it is written so many levels deep. */
function inside(depth: number, value: unknown): string {
  let around = value;
  let [before, after] = [0, 0];
  for (let level = 0; level < depth; level += 1) {
    around = [around];
    // `[`, and a line feed with its blanks, before and after.
    before += 2 + 2 * (level + 1);
    after += 2 + 2 * level;
  }
  return JSON.stringify(around, null, 2).slice(before, -after);
}
