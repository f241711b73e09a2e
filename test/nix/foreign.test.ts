import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { headerOf, wasStarted } from '../../src/nix/test-build/foreign.ts';

const processors = { aarch64: 'aarch64', armv7l: 'arm', riscv64: 'riscv64', s390x: 's390x', i686: 'i386' };

for (const [processor, emulator] of Object.entries(processors)) {
  t.test(`a file for ${processor} is taken for a program of it, and holds none`, (t) => {
    const file = join(t.testdir(), 'header');
    writeFileSync(file, headerOf(`${processor}-linux`), { mode: 0o755 });
    const ran = spawnSync(`qemu-${emulator}-static`, [file], { encoding: 'utf8' });
    t.not(ran.status, 0);
    t.notMatch(ran.stderr, /Invalid ELF image|Exec format/, ran.stderr);
    t.end();
  });
}

t.test('a kernel that runs 32-bit programs by itself looks for the loader', (t) => {
  const file = join(t.testdir(), 'header');
  writeFileSync(file, headerOf('x86_64-linux'), { mode: 0o755 });
  t.throws(() => execFileSync(file), { code: 'EACCES' });
  t.end();
});

t.test('of other systems no beginning is known', (t) => {
  t.equal(headerOf('aarch64-darwin').length, 0);
  t.equal(headerOf('vax-linux').length, 0);
  t.end();
});

t.test('the words of Nix say whether a program was started', (t) => {
  const failed = "error: builder for '/nix/store/x.drv' failed with exit code";
  const started = [
    `qemu-riscv64: header: Error mapping file: Invalid argument\n${failed} 255;`,
    `${failed} 1;\n       > qemu-aarch64: Could not open '/'\n`,
    "error: Cannot build '/nix/store/x.drv'.\n       Reason: builder failed with exit code 1.",
    `error: build of '/nix/store/x.drv' on 'ssh://a' failed: builder for '/nix/store/x.drv' failed with exit code 255\n${failed} 1`,
    `ErrorErrorVexecuting '/nix/store/x-header': Permission denied\n${failed} 1`,
  ];
  const not = [
    `ErrorErrorVexecuting '/nix/store/x-header': Exec format error\n${failed} 1`,
    `error: executing '/nix/store/x-header': No such file or directory\n${failed} 1`,
    `${failed} 1;\n       last 1 log lines:\n       > error: cannot set 32-bit personality: Invalid argument`,
    "error: build of '/nix/store/x.drv' on 'ssh://a' failed: error: a 'riscv64-linux' with features {} is required to build 'x', but I am a 'x86_64-linux'\nerror: builder for '/nix/store/x.drv' failed with exit code 1;",
    `error: build of '/nix/store/x.drv' on 'ssh://a' failed: error: executing '/nix/store/x-header': Exec format error\n${failed} 1;`,
    "error: build of '/nix/store/x.drv' on 'ssh://a' failed: Cannot build '/nix/store/x.drv'.\n       Reason: required system or feature not available\nerror: Cannot build '/nix/store/x.drv'.\n       Reason: builder failed with exit code 1.",
    "error: a 'riscv64-linux' with features {} is required to build 'x', but I am a 'x86_64-linux' with features {}",
    '',
  ];
  for (const words of started) t.ok(wasStarted(words), words);
  for (const words of not) t.notOk(wasStarted(words), words);
  t.end();
});
