import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Builder, parseMachines } from '../../src/machines/index.ts';
import type { ClientView } from '../../src/nix/client-view.ts';
import type { MachinesView, Probe, ProbeContext } from '../../src/probes/probe.ts';
import { sshAccess } from '../../src/connection/builder-access.ts';
import type { BuilderLoginSlot } from '../../src/connection/ssh-access.ts';
import type { Json } from '../../src/scenario/observation.ts';
import { here } from '../../src/transport/namespaces.ts';
import { clientTransport } from '../../src/transport/local-process.ts';
import { env, never } from '../connection/sshd.ts';

/** Skips a test where it cannot start sshd. */
export const noSshd = existsSync('/usr/sbin/sshd') ? {} : { skip: 'there is no sshd here' };
export const me = userInfo().username;
/** Options of ssh that keep the files of this machine out. */
export const isolated = '-F none -oGlobalKnownHostsFile=/dev/null';

export const clientView: ClientView = {
  hostname: 'client',
  user: me,
  isRoot: true,
  caller: '',
  seesAsDaemon: true,
  environment: { env, source: 'own process', socket: '', refused: '', place: here },
  buildsThroughDaemon: false,
  unitOptions: [],
  nixVersion: '2.34.8',
  nixFailure: '',
  nixUnanswered: false,
  settingsFailure: '',
  system: 'x86_64-linux',
  os: null,
  extraPlatforms: [],
  systemFeatures: [],
  maxJobs: 1,
  external: { enabled: false, builders: [] },
  buildersSetting: null,
  buildersUseSubstitutes: false,
  buildHook: null,
  postBuildHook: '',
  settings: null,
};

export function buildersOf(text: string): { builders: Builder[] } & Pick<MachinesView, 'diagnostics'> {
  return parseMachines(text, { nixVersion: '2.34.8', system: 'x86_64-linux', readFile: () => null });
}

export function contextOf({
  builders = [],
  diagnostics = [],
  effective = [],
  ...more
}: Partial<ProbeContext & MachinesView> = {}): ProbeContext {
  return {
    client: clientView,
    machines: { builders, diagnostics, effective },
    clientTransport: clientTransport({ env }),
    timeoutMs: 5_000,
    signal: never,
    ...more,
  };
}

/** What a probe finds, as the value that scenarios judge. */
export async function valueOf(
  probe: Probe,
  context: ProbeContext,
  parameters: Record<string, Json> = {},
): Promise<Json | undefined> {
  return (await probe.observe(parameters, context)).value;
}

/** The context for a builder that is reached by ssh, with `NIX_SSHOPTS` as given. */
export function sshContext(
  t: Test,
  entry: string,
  nixSshOpts: string,
  nixVersion = clientView.nixVersion,
  loginSlot: BuilderLoginSlot = { acquired: true, releaseAsSlow: () => undefined },
): ProbeContext {
  const folder = mkdtempSync(join(tmpdir(), 'nrbd-observe-'));
  const [builder] = buildersOf(entry).builders;
  if (builder === undefined) throw new Error(`no builder in ${entry}`);
  const environment = {
    env: { ...env, NIX_SSHOPTS: nixSshOpts },
    source: 'own process',
    socket: '',
    refused: '',
    place: here,
  } as const;
  const client = { ...clientView, environment, nixVersion };
  const transport = clientTransport({ env: environment.env, cwd: '/' });
  const ssh = sshAccess({
    ...{ builder, client, clientTransport: transport, folder, signal: never },
    loginSlot,
    loginTimeoutMs: 5_000,
  });
  t.teardown(async () => {
    await ssh.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return contextOf({ client, builder, builders: [builder], ssh, clientTransport: transport });
}
