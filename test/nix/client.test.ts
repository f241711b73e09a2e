import { spawnSync } from 'node:child_process';
import t from 'tap';
import { buildHook } from '../../src/probes/build-hook.ts';
import { clientNix } from '../../src/probes/client-nix.ts';
import { clientIdentity } from '../../src/probes/client-identity.ts';
import { viewClient } from '../../src/nix/client-view.ts';
import { readNixSettings, versionOf } from '../../src/nix/settings.ts';
import { here } from '../../src/transport/namespaces.ts';
import { type ClientPlace, clientTransport } from '../../src/transport/local-process.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { env, never } from '../connection/sshd.ts';
import { clientView, contextOf, valueOf } from '../probes/helpers.ts';

const noNix = spawnSync('nix', ['--version']).status === 0 ? {} : { skip: 'there is no nix here' };

t.test('the version is the number, and Lix keeps its name', (t) => {
  t.equal(versionOf('nix (Nix) 2.8.0\n'), '2.8.0');
  t.equal(versionOf('nix (Nix) 2.34.0pre20251113_3a8e0ea'), '2.34.0pre20251113_3a8e0ea');
  t.equal(versionOf('nix (Lix, like Nix) 2.91.1'), 'Lix 2.91.1');
  t.equal(versionOf('nix (Determinate Nix 3.6.2) 2.29.0'), '2.29.0');
  t.end();
});

const both = (place: ClientPlace): Parameters<typeof viewClient>[1] => ({
  client: clientTransport(place),
  itself: clientTransport(place),
});

t.test('the effective builders setting is asked of Nix, includes and all', noNix, async (t) => {
  const conf = t.testdir({
    'nix.conf': 'include more.conf\n',
    'more.conf': 'builders = ssh://alpha x86_64-linux ; ssh://beta\nmax-jobs = 3\n',
  });
  const settings = { ...env, NIX_CONF_DIR: conf, HOME: conf, NIX_USER_CONF_FILES: '/dev/null' };
  const view = await viewClient(
    { env: settings, source: 'own process' as const, socket: '', refused: '', place: here },
    both({ env: settings }),
    never,
  );
  t.equal(view.buildersSetting, 'ssh://alpha x86_64-linux ; ssh://beta');
  t.equal(view.maxJobs, 3);
  t.match(view.buildHook?.join(' '), /build-remote$/);
  t.match(view.nixVersion, /^2\.\d+/);
  t.match(view.system, /^\w+-linux$/);
});

t.test('without a nix nothing is made up', async (t) => {
  const bare = { PATH: t.testdir() };
  t.same(await readNixSettings(clientTransport({ env: bare }), never), {
    version: '',
    settings: null,
    failure: '',
    settingsFailure: 'TransportError: nix: spawn nix ENOENT',
    unanswered: false,
  });
  const view = await viewClient(
    { env: bare, source: 'own process' as const, socket: '', refused: '', place: here },
    both({ env: bare }),
    never,
  );
  t.equal(view.nixVersion, '');
  t.equal(view.buildersSetting, null);
});

t.test('a nix that cannot start is told from one that is not there', async (t) => {
  const PATH = t.testdir({
    nix: '#!/bin/sh\necho "error: syntax error in configuration line" >&2\nexit 1\n',
  });
  spawnSync('chmod', ['+x', `${PATH}/nix`]);
  t.same(await readNixSettings(clientTransport({ env: { PATH } }), never), {
    version: '',
    settings: null,
    failure: 'error: syntax error in configuration line',
    settingsFailure: 'error: syntax error in configuration line',
    unanswered: false,
  });
});

t.test('a nix that does not answer in time is not called missing', async (t) => {
  const silent: Transport = {
    name: 'client',
    run: () =>
      Promise.resolve({
        ...{ exitCode: null, signal: 'SIGKILL', stdout: '', stderr: '' },
        ...{ durationMs: 20_000, timedOut: true, truncated: false },
      }),
    close: () => Promise.resolve(),
  };
  t.match(await readNixSettings(silent, never), { version: '', settings: null, unanswered: true });
  const context = contextOf({ client: { ...clientView, nixVersion: '', nixUnanswered: true } });
  await t.rejects(async () => clientNix.observe({}, context), { code: 'timeout' });
});

t.test('a nix that prints nonsense is no settings', async (t) => {
  const PATH = t.testdir({ nix: '#!/bin/sh\necho nix "(Nix)" 2.30.1\n' });
  spawnSync('chmod', ['+x', `${PATH}/nix`]);
  t.same(await readNixSettings(clientTransport({ env: { PATH } }), never), {
    version: '2.30.1',
    settings: null,
    failure: '',
    settingsFailure: 'its answer is no JSON',
    unanswered: false,
  });
});

t.test('the build hook is looked for as the daemon starts it', async (t) => {
  const PATH = `${t.testdir({ bin: { nix: '#!/bin/sh\n' }, other: { 'not-executable': '' } })}/bin`;
  spawnSync('chmod', ['+x', `${PATH}/nix`]);
  const environment = {
    env: { PATH: `${PATH}/../other:${PATH}` },
    source: 'own process' as const,
    socket: '',
    refused: '',
    place: here,
  };
  const look = (words: string[] | null) =>
    valueOf(buildHook, contextOf({ client: { ...clientView, environment, buildHook: words } }));
  t.match(await look(['nix', '__build-remote']), { found: true, hook: 'nix __build-remote', program: 'nix' });
  t.match(await look([`${PATH}/nix`, '__build-remote']), { found: true });
  t.match(await look(['not-executable']), { found: false });
  t.match(await look(['/no/nix', '__build-remote']), { found: false, program: '/no/nix' });
  t.match(await look([]), { found: false, hook: '' });
  await t.rejects(look(null), { code: 'no-settings', message: /Nix 2.34.8 .* does not show its settings/ });
  const withoutNix = { ...clientView, nixVersion: '', buildHook: null };
  await t.rejects(valueOf(buildHook, contextOf({ client: withoutNix })), { code: 'not-measured' });
});

t.test('who cannot see as the daemon does, judges nothing', async (t) => {
  t.match(await valueOf(clientIdentity, contextOf()), { nixVersion: '2.34.8', environment: 'own process' });
  const client = { ...clientView, user: 'alice', seesAsDaemon: false };
  await t.rejects(valueOf(clientIdentity, contextOf({ client })), { code: 'not-root', message: /alice/ });
});
