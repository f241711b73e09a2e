import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const root = join(import.meta.dirname, '../..');
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** `path` in backquotes, where it names a file or a folder of the project. */
const paths = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]*)+|[\w-]*\.[\w.-]+)`/g)].map(([, path = '']) => path);

t.test('every path that ARCHITECTURE.md names exists', (t) => {
  t.ok(paths.length > 50, 'paths are found in the text');
  const missing = paths.filter((path) => !existsSync(join(root, path)) && path !== 'dist/');
  t.same(missing, []);
  t.end();
});

t.test('every room of src/ is in the table, and in the list that the rule checks', async (t) => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const inTable = [...text.matchAll(/^\| `src\/(\w+)\/` \|/gm)].map(([, room = '']) => room);
  const rule = readFileSync(join(root, '.dependency-cruiser.js'), 'utf8');
  const inRule = [...rule.matchAll(/^ {2}'(\w+)',$/gm)].map(([, room = '']) => room);
  t.same([...inTable].sort(), rooms);
  t.same(inRule, inTable, 'in the same order');
});
