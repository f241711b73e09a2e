import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorLines } from '../../src/scenario/error-lines.ts';

/** Outputs, and what a hint quotes of each. */
const told: readonly { title: string; output: string; quoted: string }[] = [
  {
    title: 'Nix 2.8: progress and advice are left out',
    output:
      "warning: you did not specify '--add-root'; the result might be removed by the garbage collector\nthis derivation will be built:\n  /nix/store/f7g7yp0zakn3317x0yg85al1kcb99w62-probe.drv\nerror: home directory '/homeless-shelter' exists; please remove it to assure purity of builds without sandboxing\n(use '--show-trace' to show detailed location information)\n",
    quoted:
      "home directory '/homeless-shelter' exists; please remove it to assure purity of builds without sandboxing",
  },
  {
    title: 'Nix 2.8: an error of the builder inside an error of the client is said once',
    output:
      "error: build of '/nix/store/yiqi9bamanhs129q8gn92lbv9285zisi-p.drv' on 'ssh-ng://root@b' failed: error: the build users group 'nixbld' has no members\nerror: builder for '/nix/store/yiqi9bamanhs129q8gn92lbv9285zisi-p.drv' failed with exit code 1\n",
    quoted: "the build users group 'nixbld' has no members",
  },
  {
    title: 'Nix 2.8: the NUL bytes of a serialised error are left out',
    output: "\0\0error: executing '/bin/sh': No such file or directory\0",
    quoted: "executing '/bin/sh': No such file or directory",
  },
  {
    title: 'Nix 2.26: an unknown line of nix.conf, without the advice to ask for help',
    output:
      "error: illegal configuration line 'max-jobs auto' in '/home/nix/.config/nix/nix.conf'\nTry 'nix-daemon --help' for more information.",
    quoted: "illegal configuration line 'max-jobs auto' in '/home/nix/.config/nix/nix.conf'",
  },
  {
    title: 'Nix 2.34: of a failed build the log lines are quoted, not the paths',
    output:
      "error: Cannot build '/nix/store/afnssya6qp4vq9wgv28mkd0id6r0800m-p.drv'.\n       Reason: builder failed with exit code 1.\n       Output paths:\n         /nix/store/afnssya6qp4vq9wgv28mkd0id6r0800m-p\n       Last 1 log lines:\n       > ./configure: Permission denied\n       For full logs, run:\n         nix log /nix/store/afnssya6qp4vq9wgv28mkd0id6r0800m-p.drv\n",
    quoted: './configure: Permission denied',
  },
  {
    title: 'Nix 2.34: of a trace only the error at its end is quoted',
    output:
      "error:\n       … while calling the 'derivationStrict' builtin\n         at «nix-internal»/derivation-internal.nix:37:12:\n           36|\n           37|   strict = derivationStrict drvAttrs;\n             |            ^\n\n       error: attribute 'currentSystem' missing\n",
    quoted: "attribute 'currentSystem' missing",
  },
  {
    title: 'Nix 2.34: the colours and the words of a C++ exception are left out',
    output:
      'terminate called after throwing an instance of \'nix::SysError\'\n  what():  \x1b[31;1merror:\x1b[0m getting status of \x1b[35;1m"/nix/var/nix/profiles"\x1b[0m: \x1b[35;1mPermission denied\x1b[0m\nAborted',
    quoted: 'getting status of "/nix/var/nix/profiles": Permission denied',
  },
  {
    title: 'what Nix waits for is kept, where there is no error',
    output: 'waiting for the big Nix store lock...\nerror: interrupted by the user\n',
    quoted: 'waiting for the big Nix store lock...',
  },
  {
    title: 'progress alone says nothing',
    output: "building '/nix/store/mf4nvc25pi5s6gy61k184c8ns16042lv-p.drv' on 'ssh-ng://root@b'...\n",
    quoted: '',
  },
  {
    title: 'a consequence is quoted where nothing else is said',
    output: "error: builder for '/nix/store/x.drv' failed with exit code 1\n",
    quoted: "builder for '/nix/store/x.drv' failed with exit code 1",
  },
  {
    title: "ssh's own words",
    output: 'root@alpha: Permission denied (publickey).\r\n',
    quoted: 'root@alpha: Permission denied (publickey).',
  },
];

/** Recorded from Nix 2.8, 2.26 and 2.34, OpenSSH 9.2 and shells. */
const recorded = JSON.parse(readFileSync('test/scenario/error-lines.json', 'utf8')) as typeof told;

for (const { title, output, quoted } of [...told, ...recorded])
  void t.test(title, (own) => {
    own.equal(errorLines(output), quoted);
    own.equal(errorLines(`${output}\n${output}`), quoted, 'a repeat is said once');
    own.end();
  });

void t.test('a long quotation is cut', (own) => {
  const quoted = errorLines(`error: ${'word '.repeat(200)}`);
  own.equal(quoted.length <= 240, true);
  own.match(quoted, /…$/);
  own.end();
});
