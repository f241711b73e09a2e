import t from 'tap';
import { blame, blameBoth } from '../../src/nix/daemon-confinement.ts';
import { serviceOptions } from '../../src/nix/daemon-unit.ts';

const own = { file: '/lib/nix-daemon.service', text: '[Unit]\nUser=no\n[Service]\nKillMode=process\n' };
const options = (...lines: string[]): ReturnType<typeof serviceOptions> =>
  serviceOptions([own, { file: '/etc/a.conf', text: ['[Service]', ...lines].join('\n') }]);

t.test('the directives in force are those of the last lines, with their places', async (t) => {
  t.same(options('ProtectHome=yes', '# ProtectHome=tmpfs', 'ProtectHome=read-only'), [
    { name: 'KillMode', value: 'process', where: '/lib/nix-daemon.service:4' },
    { name: 'ProtectHome', value: 'read-only', where: '/etc/a.conf:4' },
  ]);
  t.same(
    options('InaccessiblePaths=/a', 'InaccessiblePaths=/b', 'User=x', 'User=').map(({ value }) => value),
    ['process', '/a', '/b'],
  );
  t.same(options('InaccessiblePaths=/a', 'InaccessiblePaths=', 'InaccessiblePaths=/b').at(-1)?.value, '/b');
  t.same(options('ExecPaths=/a \\', ' /b', 'User=x').slice(1), [
    { name: 'ExecPaths', value: '/a   /b', where: '/etc/a.conf:2' },
    { name: 'User', value: 'x', where: '/etc/a.conf:4' },
  ]);
});

t.test('a limit is to blame where it is below what systemd gives every service', async (t) => {
  const says = (line: string): string => blame(options(line), 'limits').undo;
  t.equal(says('LimitNOFILE=10'), 'LimitNOFILE=1048576');
  t.equal(says('LimitNOFILE=1048576'), '');
  t.equal(says('MemoryMax=8M'), 'MemoryMax=infinity');
  t.equal(says('MemoryMax=infinity'), '');
});

/** What is blamed, and what takes it back. */
const undo = (kind: Parameters<typeof blame>[1], file: string, ...lines: string[]): string =>
  blame(options(...lines), kind, [file]).undo;

t.test('a directive is to blame for the files that it concerns', async (t) => {
  t.same(blame(options('ProtectHome=tmpfs'), 'hides', ['/root/.ssh/id']), {
    says: 'ProtectHome=tmpfs (/etc/a.conf:2)',
    undo: 'ProtectHome=no',
  });
  t.equal(undo('hides', '/etc/nix/key', 'ProtectHome=yes'), '');
  t.equal(
    undo('hides', '/root/x', 'ProtectHome=read-only', 'InaccessiblePaths=-/root /home'),
    'InaccessiblePaths=',
  );
  t.equal(undo('hides', '/rootless/x', 'TemporaryFileSystem=/root:ro'), '');
  t.equal(undo('hides', '/root/x', 'TemporaryFileSystem=/root:ro'), 'TemporaryFileSystem=');
  t.equal(undo('hides', '/tmp/key', 'PrivateTmp=yes'), 'PrivateTmp=no');
  t.equal(
    undo('hides', '/etc/nix/machines', 'BindReadOnlyPaths=/dev/null:/etc/nix/machines'),
    'BindReadOnlyPaths=',
  );
  t.equal(undo('hides', '/dev/null', 'BindReadOnlyPaths=/dev/null:/etc/nix/machines'), '');
  t.equal(undo('stopsPrograms', '/usr/bin/ssh', 'NoExecPaths=/'), 'NoExecPaths=');
  t.equal(undo('readOnly', '/tmp', 'ProtectSystem=full'), '');
  t.equal(undo('readOnly', '/tmp', 'ProtectSystem=strict'), 'ProtectSystem=no');
});

t.test('a directive that leaves the network and the daemon alone is not', async (t) => {
  t.equal(undo('reach', '', 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6'), '');
  t.equal(undo('reach', '', 'RestrictAddressFamilies=~AF_PACKET'), '');
  t.equal(undo('reach', '', 'RestrictAddressFamilies=AF_UNIX AF_INET6'), 'RestrictAddressFamilies=');
  t.equal(undo('reach', '', 'RestrictAddressFamilies=~AF_INET'), 'RestrictAddressFamilies=');
  t.equal(
    undo('reach', '', 'RestrictAddressFamilies=AF_UNIX', 'RestrictAddressFamilies=AF_INET AF_INET6'),
    '',
  );
  t.equal(undo('network', '', 'PrivateNetwork=no'), '');
  t.equal(undo('serves', '', 'User=root', 'LimitNOFILE=1048576', 'EnvironmentFile=-/etc/gone'), '');
  t.equal(undo('serves', '', 'User=nix', 'LimitNOFILE=10'), 'User= LimitNOFILE=1048576');
  t.same(blameBoth({ says: '', undo: '' }, { says: 'a', undo: 'b' }), { says: 'a', undo: 'b' });
});
