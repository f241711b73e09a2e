import { realpathSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { lastWords, type UnitOption } from '../nix/daemon-unit.ts';
import type { DaemonEnvironment } from '../nix/daemon-environment.ts';
import { thisUser } from '../system/this-user.ts';
import { type Blame, blame, blameBoth } from '../nix/daemon-confinement.ts';
import { daemonAnswer } from '../nix/daemon-answer.ts';
import type { ClientView } from '../nix/client-view.ts';
import { type Probe, type ProbeContext } from './probe.ts';
import { CannotObserve } from '../support/cannot-observe.ts';

/** Whether the doctor sees what Nix's daemon sees, and which Nix this is. */
export const clientIdentity: Probe = {
  name: 'client-identity',
  parameters: [],
  required: [],
  observe: async (_parameters, { client, clientTransport, signal }) => {
    if (!client.seesAsDaemon) {
      throw new CannotObserve('not-root', `${client.user} cannot see what Nix's daemon sees; run it as root`);
    }
    const { environment, nixVersion, user, isRoot } = client;
    const { place, socket, refused } = environment;
    if (place.closed) {
      const where = place.namespaces.join(' and ');
      throw new CannotObserve(
        'nsenter-missing',
        `the daemon runs in namespaces of its own (${where}), and there is no nsenter`,
      );
    }
    const unit = place.unit || 'nix-daemon.service';
    const failing = await howItFails(client, { clientTransport, signal });
    return {
      value: {
        user,
        isRoot,
        nixVersion,
        environment: environment.source,
        path: environment.env['PATH'] ?? '',
        says: sourceOf(environment),
        socket,
        refused,
        answer: refused === '' ? (failing?.answer ?? '') : '',
        // The words of the unit say more than those of a socket.
        words: failing === null ? '' : (await lastWords(unit)) || failing.answer,
        // A daemon serves no user whom it cannot look up, and ssh does not start for one.
        userUnknown: thisUser().username === String(process.getuid?.()),
        stopped: { ...(failing?.by ?? { says: '', undo: '' }) },
        namespaces: [...place.namespaces],
        movedStore: movedStore(environment, process.env),
      },
    };
  },
};

/** The store that the caller's environment names, where it is not that of the daemon; else empty. */
function movedStore({ env, source }: DaemonEnvironment, own: NodeJS.ProcessEnv): string {
  const storeOf = ({ NIX_STORE_DIR = '' }: NodeJS.ProcessEnv): string =>
    normalize(`${NIX_STORE_DIR || '/nix/store'}/`).slice(0, -1);
  return source === 'own process' || storeOf(own) === storeOf(env) ? '' : storeOf(own);
}

/** What a daemon answers that cannot work, and what in its unit is to blame; null for one that can. */
async function howItFails(
  { buildsThroughDaemon, environment: { socket, refused, place }, unitOptions }: ClientView,
  { clientTransport, signal }: Pick<ProbeContext, 'clientTransport' | 'signal'>,
): Promise<{ answer: string; by: Blame } | null> {
  if (!buildsThroughDaemon) return null;
  // systemd closes the socket of a unit that it gave up, a moment earlier or later than this looks.
  const answer = refused || (await daemonAnswer(socket, signal));
  if (answer !== '') return { answer, by: whatStops(unitOptions, socket) };
  if (place.root === '') return null;
  // ssh, too, starts it for Nix.
  const { stderr, exitCode } = await clientTransport.run('exit 0', { timeoutMs: 10_000, signal });
  const shell = ['/bin/sh', realpathSync('/bin/sh')];
  return exitCode === 0 ? null : { answer: stderr.trim(), by: blame(unitOptions, 'stopsPrograms', shell) };
}

/** What in its unit keeps the daemon from serving: it needs its state, which lies beside its socket. */
function whatStops(options: readonly UnitOption[], socket: string): Blame {
  const state = dirname(dirname(socket));
  const files = ['hides', 'readOnly'] as const;
  return [...files.map((kind) => blame(options, kind, [state])), blame(options, 'serves')].reduce(blameBoth);
}

/** Where the environment of ssh comes from. */
function sourceOf({ source, daemonPid = 0, place }: DaemonEnvironment): string {
  const where = place.namespaces.length === 0 ? '' : `, in its namespaces (${place.namespaces.join(', ')})`;
  switch (source) {
    case 'nix-daemon process':
      return `uses the environment of Nix's daemon, process ${daemonPid}${where}`;
    case 'own process':
      return 'no daemon here: Nix itself starts ssh, with the environment of its caller';
    case 'assumed':
      return "a guess: no process was found behind the daemon's socket, so its environment is taken to be the usual PATH, without NIX_SSHOPTS and without an agent";
  }
}
