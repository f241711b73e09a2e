import { externalEntries } from '../engine/external.ts';
import type { ObservationStore } from '../engine/recording.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../nix/client-view.ts';
import { clientTransport } from '../transport/local-process.ts';
import type { Transport } from '../transport/transport.ts';
import { type BuilderOptions, readBuilders } from './builders.ts';
import type { RecordedRun } from './recorded-run.ts';
import { replayOf, readRecording } from './recording.ts';
import { inspectThisMachine, type ThisMachine } from './this-machine.ts';
import { UserError } from '../support/user-error.ts';

interface SceneOptions extends BuilderOptions {
  record?: string | undefined;
  replay?: string | undefined;
}

/** What a run looks at, and from where. */
export interface RunSetup {
  /** The machines text. */
  text: string;
  client: ClientView;
  transport: Transport;
  builders: Builder[];
  diagnostics: Diagnostic[];
  effective: Builder[] | null;
  observations?: ObservationStore;
  /** Of a recording. */
  run?: RecordedRun;
}

/** This machine and its builders, or those of a recording. */
export async function readRunSetup(
  options: SceneOptions,
  signal: AbortSignal,
  machine: Promise<ThisMachine> | undefined,
): Promise<RunSetup> {
  if (options.replay !== undefined) {
    if ((options.machinesFile ?? options.builders ?? options.record) !== undefined)
      throw new UserError('--replay brings its own builders; leave -m, --builders and --record out');
    const recording = await readRecording(options.replay);
    return {
      text: options.replay,
      transport: clientTransport({ env: {} }),
      ...recording,
      observations: replayOf(recording),
    };
  }
  const { client, transport } = await (machine ?? inspectThisMachine(signal));
  const asked = await readAsked(options, client);
  if (options.builders !== undefined) return { client, transport, effective: null, ...asked };
  const { builders: effective } = options.machinesFile === undefined ? asked : await readBuilders({}, client);
  return { client, transport, effective, ...asked };
}

/** The builders that were asked for; all that Nix uses are also the external ones. */
async function readAsked(
  options: BuilderOptions,
  client: ClientView,
): Promise<Awaited<ReturnType<typeof readBuilders>>> {
  const asked = await readBuilders(options, client);
  return options.machinesFile === undefined && options.builders === undefined
    ? { ...asked, builders: [...asked.builders, ...externalEntries(client.external)] }
    : asked;
}
