import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { applyStep } from '../../src/cli/apply-step.ts';
import { printStep } from '../../src/fix/print.ts';
import { debian } from '../../src/system/system.ts';
import type { FixStep, ScenarioFix } from '../../src/generated/types.ts';
import { parseMachines } from '../../src/machines/index.ts';
import { defaultSuite } from '../scenario/default-suite.ts';

const safeSteps = (await defaultSuite()).flatMap(({ id, hint }) =>
  hint.flatMap(({ cause = '', fix }) =>
    fix.filter(({ safe }) => safe === true).map((step) => ({ title: `${id}: ${cause}`, step })),
  ),
);
const entry = 'ssh-ng://root@alpha x86_64-linux /k 4 1 kvm';
const signal = new AbortController().signal;

/** The step as it would be done, with another object. */
function retarget(
  { on, safe, run, object, says: _says, module: _m, ...rest }: ScenarioFix,
  path: string,
): FixStep {
  const value = rest.machines === undefined ? '1' : `${entry},b`;
  const fill = (text: string): string =>
    (object === undefined ? text : text.replaceAll(object, path)).replace(/\{\{[^}]*\}\}/g, value);
  const { permissions, machines, ssh, edit, ...others } = rest;
  if (Object.keys(others).length > 0) throw new Error(`no object is known for ${Object.keys(others).join()}`);
  const [builder] = parseMachines(entry, {
    nixVersion: '2.34.8',
    system: 'x86_64-linux',
    readFile: () => null,
  }).builders;
  if (builder === undefined) throw new Error('no builder');
  const step: FixStep = {
    on,
    ...(safe === undefined ? {} : { safe }),
    ...(object === undefined ? {} : { object: path }),
    ...(run === undefined ? {} : { run: fill(run) }),
    ...(edit === undefined ? {} : { edit: { ...edit, file: path } }),
    ...(permissions === undefined ? {} : { change: { permissions: { ...permissions, path } } }),
    ...(ssh === undefined ? {} : { change: { ssh } }),
    ...(machines === undefined
      ? {}
      : { change: { machines: JSON.parse(fill(JSON.stringify(machines))) as typeof machines } }),
  };
  const printed = printStep(step, {
    client: debian,
    builder: null,
    banner: '',
    entry: { builder: { ...builder, source: { ...builder.source, file: path } }, owned: false },
  });
  return printed.edit === undefined ? printed : { ...printed, edit: { ...printed.edit, file: path } };
}

/** What must be refused, and why. */
const objects: Record<string, { make: (path: string) => void; why: RegExp }> = {
  'a directory': { make: (path) => mkdirSync(path), why: /is a directory: nothing was changed$/ },
  'a link': {
    make: (path) => {
      writeFileSync(`${path}.target`, `${entry}\n`);
      symlinkSync(`${path}.target`, path);
    },
    why: /is a link: nothing was changed$/,
  },
  'a missing file': { make: () => undefined, why: /does not exist: nothing was changed$/ },
  'a named pipe': {
    make: (path) => execFileSync('mkfifo', [path]),
    why: /is no regular file: nothing was changed$/,
  },
  'a file of another user': {
    make: (path) => {
      writeFileSync(path, `${entry}\n`);
      chownSync(path, 1700, 1700);
    },
    why: /belongs to another user: nothing was changed$/,
  },
  'a file in a folder that others can write to': {
    make: (path) => {
      writeFileSync(path, `${entry}\n`);
      chmodSync(join(path, '..'), 0o777);
    },
    why: /lies below .*, where other users can replace it: nothing was changed$/,
  },
};

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-safe-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Everything in a folder: names, modes, owners, contents. */
function pictureOf(folder: string): string[] {
  return readdirSync(folder).map((name) => {
    const { mode, uid, ino, size, mtimeMs } = lstatSync(join(folder, name));
    return [name, mode, uid, ino, size, mtimeMs].join(' ');
  });
}

t.ok(safeSteps.length >= 15, 'the safe steps of the suite were found');

for (const { title, step } of safeSteps) {
  t.test(`${title}: the safe step changes an ordinary file`, async (t) => {
    const folder = folderOf(t);
    const path = join(folder, 'object');
    writeFileSync(path, `${entry}\n`);
    chmodSync(path, 0o666);
    const before = pictureOf(folder);
    await applyStep(retarget(step, path), signal);
    t.notSame(pictureOf(folder), before);
  });
  for (const [kind, { make, why }] of Object.entries(objects)) {
    // Only root can give a file away.
    if (kind === 'a file of another user' && process.getuid?.() !== 0) continue;
    const makesFile = step.ssh !== undefined && kind === 'a missing file';
    t.test(`${title}: the safe step ${makesFile ? 'makes' : 'refuses'} ${kind}`, async (t) => {
      const folder = folderOf(t);
      const path = join(folder, 'object');
      make(path);
      const before = pictureOf(folder);
      if (makesFile) {
        await applyStep(retarget(step, path), signal);
        t.equal(lstatSync(path).mode & 0o777, 0o644);
        return;
      }
      await t.rejects(applyStep(retarget(step, path), signal), { name: 'UserError', message: why });
      t.same(pictureOf(folder), before);
    });
  }
}
