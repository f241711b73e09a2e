import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { usesSsh } from '../engine/context.ts';
import { externalEntries } from '../engine/external.ts';
import type { Memory } from '../engine/memory.ts';
import { type Filter, type Selection, selectScenarios } from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import type { Report } from '../generated/types.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../observe/client-view.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { probes } from '../observe/index.ts';
import { nixConnect } from '../observe/nix-connect.ts';
import { sshAccess } from '../observe/ssh-access.ts';
import type { ReportEvent } from '../report/events.ts';
import { passwordsIn, redactor } from '../report/redact.ts';
import { clientTransport } from '../transport/client.ts';
import { type DaemonPlace, makePrivateFolder } from '../transport/daemon-place.ts';
import type { Transport } from '../transport/transport.ts';
import { type BuilderOptions, readBuilders } from './builders.ts';
import { chooseBuilders, errorsIn } from './choose-builders.ts';
import { inInventory } from './inventory.ts';
import { memoryOf, readRecording, startRecording } from './recording.ts';
import { readJobs, readShard, readTimeout, readVars } from './read-options.ts';
import { readSecrets, type SecretOptions } from './secrets.ts';
import { readSuiteToRun, type SuiteOptions } from './suite.ts';
import { lookAtThisMachine, type ThisMachine } from './this-machine.ts';
import { usage } from './usage.ts';
import { UserError } from './user-error.ts';

/** What is checked, and how: the options that every command that runs checks has. */
export interface RunOptions extends BuilderOptions, SuiteOptions, SecretOptions, Omit<Selection, never> {
  var: string[];
  /** Flakes and hives: only builders whose host they name. */
  inventory: string[];
  jobs?: string | undefined;
  timeout?: string | undefined;
  readOnly?: true | undefined;
  record?: string | undefined;
  replay?: string | undefined;
  waive?: string | undefined;
  shard?: string | undefined;
}

/** Who runs it, and who listens. */
export interface RunSurroundings {
  version: string;
  signal: AbortSignal;
  /** Where it has been asked for already. */
  machine?: Promise<ThisMachine> | undefined;
  /** It runs again and again: what is chosen may not be there now, and come later. */
  goesOn?: boolean;
  onNotes: (notes: readonly string[]) => void;
  onEvent: (event: ReportEvent) => void;
}

/** What came of a run. */
interface Ran {
  report: Report;
  needs: ReadonlyMap<string, readonly string[]>;
  filters: readonly Filter[];
}

const name = 'nix-remote-builder-doctor';

/**
 * Reads everything anew (settings, machines file, scenarios), makes one run, and returns its report without secrets,
 * with the needs of each scenario. Throws {@link UserError} for what cannot be read.
 */
export async function runChecks(
  options: RunOptions,
  { version, signal, machine, goesOn = false, onNotes, onEvent }: RunSurroundings,
): Promise<Ran> {
  const secretVars = await readSecrets(options, signal);
  const vars = { ...readVars(options.var), ...secretVars };
  const jobs = readJobs(options.jobs);
  const shard = readShard(options.shard);
  const timeoutMs = readTimeout(options.timeout);
  const suite = await readSuiteToRun(options);
  const scenarios = usage(() => selectScenarios(suite, options)).map((scenario) => ({
    ...scenario,
    timeoutMs: Math.min(scenario.timeoutMs, timeoutMs),
  }));
  const loginTimeoutMs = scenarios.find(({ probe }) => probe === nixConnect.name)?.timeoutMs;
  const waivers =
    options.waive === undefined ? [] : await (await import('./waivers.ts')).readWaivers(options.waive, suite);
  const scene = await readScene(options, signal, machine);
  if (options.inventory.length > 0)
    scene.builders = await inInventory(scene.builders, options.inventory, scene.transport, signal);
  const folder = await privateFolder(scene.client.environment.place);
  try {
    const { client, transport, builders, diagnostics, effective } = scene;
    const secrets = [
      ...Object.values(secretVars),
      ...builders.flatMap(({ fields }) => fields.flatMap((field) => passwordsIn(field.text))),
    ];
    const recorder =
      options.record === undefined
        ? null
        : startRecording({ client, builders, diagnostics, effective }, secrets);
    const memory = scene.memory ?? recorder?.memory;
    const choice = chooseBuilders(scene, options, { shard, goesOn });
    if (choice.builders.length > many) collectSooner();
    const notes = [...notesOn(client), ...choice.notes];
    onNotes(notes);
    const report = await run({
      tool: { name, version },
      client,
      clientTransport: transport,
      builders: choice.builders,
      diagnostics,
      effective,
      scenarios: withMachinesFile(scenarios, suite, diagnostics),
      probes,
      access: (builder, turn) =>
        usesSsh(builder)
          ? sshAccess({ builder, client, clientTransport: transport, folder, turn, loginTimeoutMs, signal })
          : undefined,
      vars,
      jobs,
      mostMs: timeoutMs,
      readOnly: options.readOnly === true,
      notes,
      signal,
      emit: onEvent,
      clean: redactor(secrets),
      waivers,
      ...(shard === undefined ? {} : { shard }),
      ...(memory === undefined ? {} : { memory }),
    });
    if (options.record !== undefined) await recorder?.write(options.record);
    const needs = new Map(scenarios.map(({ id, needs: own }) => [id, own]));
    return { report, needs, filters: choice.filters };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder of this run's that the daemon sees too. Throws {@link UserError} where none can be made. */
async function privateFolder(place: DaemonPlace): Promise<string> {
  return makePrivateFolder(place, [tmpdir(), '/run', '/nix/var/nix']).catch((error: unknown) => {
    throw new UserError(`cannot make a temporary folder (TMPDIR): ${String(error)}`);
  });
}

/** Builders of which a run is no longer small. */
const many = 200;

/**
 * V8 lets the memory of a busy program grow to four times what is in use before it clears up. Twice is enough: a run
 * waits for builders, not for this.
 */
function collectSooner(): void {
  setFlagsFromString('--heap-growing-percent=100');
}

/** An error in the machines file breaks every build, so its check runs whatever was selected. */
function withMachinesFile(
  selected: readonly Scenario[],
  suite: readonly Scenario[],
  diagnostics: readonly Diagnostic[],
): Scenario[] {
  const errors = errorsIn(diagnostics);
  if (errors.length === 0) return [...selected];
  const check = suite.find(({ id }) => id === 'machines-file');
  if (check === undefined)
    throw new UserError(
      `Nix refuses the machines file, which breaks every build on this machine: ${errors.map(({ message }) => message).join('; ')}`,
    );
  return selected.some(({ id }) => id === check.id) ? [...selected] : [check, ...selected];
}

interface Scene {
  /** The machines text. */
  text: string;
  client: ClientView;
  transport: Transport;
  builders: Builder[];
  diagnostics: Diagnostic[];
  effective: Builder[] | null;
  memory?: Memory;
}

/** This machine and its builders, or those of a recording. */
async function readScene(
  options: RunOptions,
  signal: AbortSignal,
  machine: Promise<ThisMachine> | undefined,
): Promise<Scene> {
  if (options.replay !== undefined) {
    if ((options.machinesFile ?? options.builders ?? options.record) !== undefined)
      throw new UserError('--replay brings its own builders; leave -m, --builders and --record out');
    const recording = await readRecording(options.replay);
    return {
      text: options.replay,
      transport: clientTransport({ env: {} }),
      ...recording,
      memory: memoryOf(recording),
    };
  }
  const { client, transport } = await (machine ?? lookAtThisMachine(signal));
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

/** What the doctor cannot see when it is not root. */
function notesOn({
  seesAsDaemon,
  user,
  nixVersion,
}: {
  seesAsDaemon: boolean;
  user: string;
  nixVersion: string;
}): string[] {
  const notes: string[] = [];
  if (!seesAsDaemon) {
    notes.push(
      `Running as ${user}: Nix's daemon connects as root, with root's ssh keys, known hosts and configuration, which ${user} cannot see. ` +
        `Nothing is judged that needs them. Run: sudo ${name}`,
    );
  }
  if (nixVersion === '') notes.push('No nix was found on this machine: what needs it cannot be measured.');
  return notes;
}
