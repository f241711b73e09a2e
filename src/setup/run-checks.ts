import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { usesSsh } from '../engine/context.ts';
import { type Filter, type Selection, selectScenarios } from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import type { Report } from '../generated/types.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../nix/client-view.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { probes } from '../probes/index.ts';
import { nixConnect } from '../probes/nix-connect.ts';
import { sshAccess } from '../connection/builder-access.ts';
import type { ReportEvent } from '../report/events.ts';
import { passwordsIn, redactor } from '../report/redact.ts';
import { type DaemonNamespaces, makePrivateFolder } from '../transport/namespaces.ts';
import type { BuilderOptions } from './builders.ts';
import { chooseBuilders, errorsIn } from './choose-builders.ts';
import { inInventory } from './inventory.ts';
import { asRecorded, differences, foundIn, maskedVars, removedWords } from './recorded-run.ts';
import { startRecording } from './recording.ts';
import { readJobs, readShard, readTimeout, readVars } from './read-options.ts';
import { readRunSetup } from './run-setup.ts';
import { readSecrets, type SecretOptions } from './secrets.ts';
import { expandEach } from '../scenario/each.ts';
import { readSuiteToRun, type SuiteOptions } from './suite.ts';
import type { ThisMachine } from './this-machine.ts';
import { usage } from './usage.ts';
import { UserError } from '../support/user-error.ts';

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
export interface RunEnvironment {
  version: string;
  signal: AbortSignal;
  /** Where it has been asked for already. */
  machine?: Promise<ThisMachine> | undefined;
  /** It runs again and again: what is chosen may not be there now, and come later. */
  repeats?: boolean;
  onNotes: (notes: readonly string[]) => void;
  onEvent: (event: ReportEvent) => void;
}

/** What came of a run. */
interface Ran {
  report: Report;
  /** Those of the report, in its order. */
  builders: readonly Builder[];
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
  { version, signal, machine, repeats = false, onNotes, onEvent }: RunEnvironment,
): Promise<Ran> {
  const secretVars = await readSecrets(options, signal);
  const ownVars = readVars(options.var);
  const jobs = readJobs(options.jobs);
  const shard = readShard(options.shard);
  const timeoutMs = readTimeout(options.timeout);
  const replayed = options.replay === undefined ? undefined : await readRunSetup(options, signal, machine);
  const all = await readSuiteToRun(options);
  // Not the secret ones: the values of `each` become names of checks.
  const suite = usage(() => expandEach(all, { ...replayed?.run?.vars, ...ownVars }));
  const selected = usage(() => selectScenarios(suite, options)).map((scenario) => ({
    ...scenario,
    timeoutMs: Math.min(scenario.timeoutMs, timeoutMs),
  }));
  const loginTimeoutMs = selected.find(({ probe }) => probe === nixConnect.name)?.timeoutMs;
  const waivers =
    options.waive === undefined ? [] : await (await import('./waivers.ts')).readWaivers(options.waive, suite);
  const setup = replayed ?? (await readRunSetup(options, signal, machine));
  if (options.inventory.length > 0)
    setup.builders = await inInventory(setup.builders, options.inventory, setup.transport, signal);
  // A replay logs in nowhere.
  const folder =
    setup.observations === undefined ? await privateFolder(setup.client.environment.place) : null;
  try {
    const { client, transport, builders, diagnostics, effective } = setup;
    const isChosen = [options.test, options.skip, options.stage, options.tag, options.skipTag].some(
      (words) => words.length > 0,
    );
    const { scenarios, notes: gone } = asRecorded(selected, setup.run, isChosen);
    const vars = { ...setup.run?.vars, ...ownVars, ...secretVars, ...maskedVars(setup.run) };
    const readOnly = options.readOnly === true || setup.run?.readOnly === true;
    const secrets = [
      ...Object.values(secretVars),
      ...builders.flatMap(({ fields }) => fields.flatMap((field) => passwordsIn(field.text))),
    ];
    const choice = chooseBuilders(setup, options, { shard, repeats });
    const seen = { client, builders: choice.builders, diagnostics, effective };
    const recorder = options.record === undefined ? null : startRecording(seen, secrets);
    const observations = setup.observations ?? recorder?.observations;
    if (choice.builders.length > many) collectGarbageEarlier();
    else if (!repeats) optimiseLess();
    const notes = [...notesOn(client), ...choice.notes, ...gone];
    onNotes(notes);
    const report = await run({
      tool: { name, version },
      client: { view: client, transport },
      fleet: {
        ...{ builders: choice.builders, diagnostics, effective },
        access: (builder, loginSlot) =>
          folder !== null && usesSsh(builder)
            ? sshAccess({
                builder,
                client,
                clientTransport: transport,
                folder,
                loginSlot,
                loginTimeoutMs,
                signal,
              })
            : undefined,
        ...(shard === undefined ? {} : { shard }),
      },
      suite: { scenarios: withMachinesFile(scenarios, suite, diagnostics), probes, vars, waivers },
      limits: { jobs, mostMs: timeoutMs, readOnly },
      output: { notes, emit: onEvent, redact: redactor(secrets) },
      signal,
      ...(observations === undefined ? {} : { observations }),
    });
    onNotes(differences(setup.run, report));
    if (options.record !== undefined && recorder !== null) {
      const ids = scenarios.map(({ id }) => id);
      const names = Object.keys(secretVars);
      const how = { ...{ tool: report.tool, at: report.startedAt, readOnly }, vars: ownVars, secrets: names };
      onNotes(
        removedWords(
          options.record,
          await recorder.write(options.record, { ...how, scenarios: ids, found: foundIn(report) }),
        ),
      );
    }
    const needs = new Map(scenarios.map(({ id, needs: own }) => [id, own]));
    return { report, builders: choice.builders, needs, filters: choice.filters };
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
}

/** A folder of this run's that the daemon sees too. Throws {@link UserError} where none can be made. */
async function privateFolder(place: DaemonNamespaces): Promise<string> {
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
function collectGarbageEarlier(): void {
  setFlagsFromString('--heap-growing-percent=100');
}

/** A short run ends before the code that V8 optimises has paid for the processor time that this takes. */
function optimiseLess(): void {
  setFlagsFromString('--no-opt');
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

/** What this run cannot see. */
function notesOn({
  seesAsDaemon,
  user,
  nixVersion,
  nixUnanswered,
}: Pick<ClientView, 'seesAsDaemon' | 'user' | 'nixVersion' | 'nixUnanswered'>): string[] {
  const notes: string[] = [];
  if (!seesAsDaemon) {
    notes.push(
      `Running as ${user}: Nix's daemon connects as root, with root's ssh keys, known hosts and configuration, which ${user} cannot see. ` +
        `Nothing is judged that needs them. Run: sudo ${name}`,
    );
  }
  if (nixUnanswered)
    notes.push('nix on this machine did not answer in time: nothing is known of its settings.');
  else if (nixVersion === '')
    notes.push('No nix was found on this machine: what needs it cannot be measured.');
  return notes;
}
