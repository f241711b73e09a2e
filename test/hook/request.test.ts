import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { readRequest, requestBytes } from '../../src/hook/request.ts';

const setting = fc.record({ name: fc.string({ maxLength: 20 }), value: fc.string({ maxLength: 40 }) });

t.test('a request is read to the end of its settings and no further', (t) => {
  const file = `${t.testdir()}/request`;
  fc.assert(
    fc.property(fc.array(setting, { maxLength: 5 }), fc.uint8Array({ maxLength: 20 }), (given, rest) => {
      const settings = given.map(({ name, value }) => ({ name: latin(name), value: latin(value) }));
      const bytes = requestBytes(settings);
      writeFileSync(file, Buffer.concat([bytes, rest]));
      const input = openSync(file, 'r');
      const read = readRequest(input);
      const left = readFileSync(input);
      closeSync(input);
      t.same(read, { bytes, settings });
      t.ok(left.equals(rest));
    }),
    { seed: 1, numRuns: 100 },
  );
  t.end();
});

t.test('what is no request goes through as it came', (t) => {
  const file = `${t.testdir()}/request`;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (given) => {
      writeFileSync(file, given);
      const input = openSync(file, 'r');
      const { bytes, settings } = readRequest(input);
      const left = readFileSync(input);
      closeSync(input);
      t.ok(Buffer.concat([bytes, left]).equals(given));
      if (settings !== null) t.ok(requestBytes(settings).length <= bytes.length);
    }),
    { seed: 1, numRuns: 200 },
  );
  t.end();
});

function latin(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
