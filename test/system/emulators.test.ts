import t from 'tap';
import { emulationOf } from '../../src/system/emulators.ts';

const list = [
  'listed',
  'flags=OPF there qemu-aarch64 /usr/bin/qemu-aarch64-static',
  'flags=OC there qemu-riscv64 /usr/bin/qemu-riscv64',
  'flags= gone qemu-s390x /opt/qemu-s390x',
].join('\n');

function of(
  systems: string[],
  settings: Record<string, string> = {},
  machine = 'x86_64',
  handlers = list,
): unknown {
  return emulationOf(systems, machine, handlers, new Map(Object.entries(settings)));
}

const nothing = { notEmulated: '', emulatedSystem: '', emulator: '', emulatorState: '' };

t.test('programs of a machine need no emulator', (t) => {
  t.same(of(['x86_64-linux', 'i686-linux', 'builtin', 'x86_64-darwin']), nothing);
  t.same(of(['aarch64-linux', 'armv7l-linux'], {}, 'aarch64', 'listed'), nothing);
  t.end();
});

t.test('an emulator that the kernel holds open runs in a sandbox', (t) => {
  t.same(of(['aarch64-linux']), nothing);
  t.end();
});

t.test('one that it does not hold open must be in the sandbox', (t) => {
  t.match(of(['x86_64-linux', 'riscv64-linux']), {
    emulatedSystem: 'riscv64-linux',
    emulator: '/usr/bin/qemu-riscv64',
    emulatorState: 'hidden',
  });
  t.same(of(['riscv64-linux'], { sandbox: 'false' }), nothing);
  for (const paths of ['/usr/bin', '/bin/sh=/x /usr/bin/qemu-riscv64?', '/usr/bin/=/opt/qemu'])
    t.same(of(['riscv64-linux'], { 'sandbox-paths': paths }), nothing, paths);
  t.match(of(['riscv64-linux'], { 'sandbox-paths': '/usr/bin/qemu /x=/usr/bin' }), {
    emulatorState: 'hidden',
  });
  t.end();
});

t.test('one that was removed is told, as are systems without any', (t) => {
  t.match(of(['s390x-linux'], { sandbox: 'false' }), { emulator: '/opt/qemu-s390x', emulatorState: 'gone' });
  t.match(of(['s390x-linux', 'armv7l-linux', 'loongarch64-linux']), {
    notEmulated: 'armv7l-linux, loongarch64-linux',
    emulatedSystem: 'armv7l-linux',
    emulatorState: '',
  });
  t.end();
});

t.test('of a list that cannot be read nothing is concluded', (t) => {
  t.same(of(['riscv64-linux'], {}, 'x86_64', ''), nothing);
  t.end();
});
