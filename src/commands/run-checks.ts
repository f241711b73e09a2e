import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { usesSsh } from '../engine/context.ts';
import type { Memory } from '../engine/memory.ts';
import {
  type Selection,
  SelectionError,
  selectBuilders,
  selectScenarios,
  shardOf,
  unknownNames,
} from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import type { Report, Shard } from '../generated/types.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../observe/client-view.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { probes } from '../observe/index.ts';
import { nixConnect } from '../observe/nix-connect.ts';
import { sshAccess } from '../observe/ssh-access.ts';
import type { ReportEvent } from '../report/events.ts';
import { passwordsIn, redactor } from '../report/redact.ts';
import { parseDuration } from '../scenario/duration.ts';
import type { Json } from '../scenario/observation.ts';
import { clientTransport } from '../transport/client.ts';
import { type DaemonPlace, makePrivateFolder } from '../transport/daemon-place.ts';
import type { Transport } from '../transport/transport.ts';
import { type BuilderOptions, readBuilders } from './builders.ts';
import { memoryOf, readRecording, startRecording } from './recording.ts';
import { readSuiteToRun, type SuiteOptions } from './suite.ts';
import { lookAtThisMachine, type ThisMachine } from './this-machine.ts';
import { UserError } from './user-error.ts';

/** What is checked, and how: the options that every command that runs checks has. */
export interface RunOptions extends BuilderOptions, SuiteOptions, Omit<Selection, never> {
  var: string[];
  secret: string[];
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
  onNotes: (notes: readonly string[]) => void;
  onEvent: (event: ReportEvent) => void;
}

const name = 'nix-remote-builder-doctor';

/**
 * Reads everything anew (settings, machines file, scenarios), makes one run, and returns its report without secrets,
 * with the needs of each scenario. Throws {@link UserError} for what cannot be read.
 */
export async function runChecks(
  options: RunOptions,
  { version, signal, machine, onNotes, onEvent }: RunSurroundings,
): Promise<{ report: Report; needs: ReadonlyMap<string, readonly string[]> }> {
  const secretVars = readSecrets(options.secret);
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
    const chosen = chooseBuilders(scene, options, shard);
    if (chosen.length > many) collectSooner();
    const notes = [...notesOn(client), ...notesOnExcluded(options.exclude, builders)];
    onNotes(notes);
    const report = await run({
      tool: { name, version },
      client,
      clientTransport: transport,
      builders: chosen,
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
    return { report, needs };
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

/** Whether Nix refuses the machines text. */
function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(({ severity }) => severity === 'error');
}

/** An error in the machines file breaks every build, so its check runs whatever was selected. */
function withMachinesFile(
  selected: readonly Scenario[],
  suite: readonly Scenario[],
  diagnostics: readonly Diagnostic[],
): Scenario[] {
  const left = hasErrors(diagnostics)
    ? suite.filter(({ id }) => id === 'machines-file' && !selected.some((one) => one.id === id))
    : [];
  return [...left, ...selected];
}

/** The builders to look at; none is never a run that went well. */
function chooseBuilders(
  { text, builders, diagnostics }: Scene,
  options: RunOptions,
  shard: Shard | undefined,
): Builder[] {
  const isRefused = hasErrors(diagnostics);
  // What was named may stand in the entry that Nix refuses.
  const isLost = isRefused && unknownNames(options.include, builders).length > 0;
  const selected = isLost ? [] : usage(() => selectBuilders(builders, options));
  const chosen = shard === undefined ? selected : shardOf(selected, shard);
  if (shard !== undefined && chosen.length === 0 && selected.length > 0)
    throw new UserError(`shard ${shard.index}/${shard.of} has no builder: fewer shards, please`);
  if (chosen.length === 0 && !isRefused) throw new UserError(nothingToCheck(text, options, diagnostics));
  return chosen;
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
  const asked = await readBuilders(options, client);
  if (options.builders !== undefined) return { client, transport, effective: null, ...asked };
  const { builders: effective } = options.machinesFile === undefined ? asked : await readBuilders({}, client);
  return { client, transport, effective, ...asked };
}

function usage<T>(choose: () => T): T {
  try {
    return choose();
  } catch (error) {
    if (error instanceof SelectionError) throw new UserError(error.message);
    throw error;
  }
}

function readVars(texts: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw new UserError(`--var wants KEY=VALUE, not "${text}"`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

/** `--secret KEY=VARIABLE`: values that come from the environment, for a command line can be read by everybody. */
function readSecrets(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, key, variable] = /^([^=]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
      if (key === undefined || variable === undefined)
        throw new UserError(
          `--secret wants KEY=VARIABLE, the name of an environment variable, not "${text}"`,
        );
      const value = process.env[variable] ?? '';
      if (value.length < 4)
        throw new UserError(
          `--secret ${key}: ${variable} is not set, or too short to be told from other text`,
        );
      return [key, value];
    }),
  );
}

function readJobs(text: string | undefined): number {
  if (text === undefined) return 10;
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new UserError(`--jobs wants a whole number from 1, not "${text}"`);
  return jobs;
}

function readShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const [, index = 0, of = 0] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (index < 1 || index > of)
    throw new UserError(`--shard wants a part and their number, such as 2/5, not "${text}"`);
  return { index, of };
}

function readTimeout(text: string | undefined): number {
  if (text === undefined) return Number.POSITIVE_INFINITY;
  const most = parseDuration(text);
  if (most === null)
    throw new UserError(`--timeout wants a duration such as 500ms, 30s or 2m, not "${text}"`);
  return most;
}

/** An empty list of builders is never "healthy": says where Nix looked and what it found there. */
function nothingToCheck(
  text: string,
  { include, exclude }: Selection,
  diagnostics: readonly { message: string }[],
): string {
  if (include.length + exclude.length > 0)
    return 'nothing to check: --include and --exclude leave no builder';
  const where =
    text.trim() === ''
      ? "Nix's `builders` setting is empty, so Nix never looks at /etc/nix/machines; set `builders = @/etc/nix/machines` in nix.conf (NixOS: nix.distributedBuilds = true) and restart nix-daemon, or name a file with -m"
      : `no builder in ${text.trim()}`;
  return ['nothing to check', where, ...diagnostics.map(({ message }) => message)].join(': ');
}

/** A builder that is gone already needs no exclusion: a filter must not blind a monitor when the fleet changes. */
function notesOnExcluded(exclude: readonly string[], builders: readonly Builder[]): string[] {
  return unknownNames(exclude, builders).map(
    (name) => `--exclude ${name}: no builder is called that, so nothing is left out for it.`,
  );
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
