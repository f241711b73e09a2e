import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { commonJs, compiledFormOf, loadCompiled } from '../../src/support/compiled-script.ts';

t.test('V8 takes the form in which the commands were compiled when the package was built', (t) => {
  const file = 'dist/commands.cjs';
  const form = readFileSync(compiledFormOf(file));
  t.equal(commonJs(file, form).cachedDataRejected, false);
  t.equal(commonJs(file, form.subarray(0, form.length / 2)).cachedDataRejected, true, 'not half of it');
  t.end();
});

t.test('what is no such form does no harm', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'a.cjs');
  const text = 'exports.file = require("node:path").basename(__filename); exports.here = __dirname;\n';
  const expected = { file: 'a.cjs', here: folder };
  writeFileSync(file, text);
  t.strictSame(loadCompiled(file), expected, 'none');
  const form = commonJs(file).createCachedData();
  writeFileSync(compiledFormOf(file), form);
  t.strictSame(loadCompiled(file), expected, 'its own');
  for (const [what, bytes] of Object.entries({
    'an empty one': Buffer.alloc(0),
    nonsense: Buffer.alloc(4096, 0x5a),
    'half of it': form.subarray(0, form.length / 2),
    'that of another V8': Buffer.concat([Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]), form.subarray(8)]),
  })) {
    writeFileSync(compiledFormOf(file), bytes);
    t.strictSame(loadCompiled(file), expected, what);
  }
  writeFileSync(file, `${text}exports.more = 1;\n`);
  writeFileSync(compiledFormOf(file), form);
  t.strictSame(loadCompiled(file), { ...expected, more: 1 }, 'that of a file that has grown since');
  t.end();
});
