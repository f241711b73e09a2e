import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { usesSsh } from '../engine/context.ts';
import { type Selection, SelectionError, selectBuilders, selectScenarios, shardOf } from '../engine/plan.ts';
import { run } from '../engine/run.ts';
import { type ClientView, viewClient } from '../observe/client-view.ts';
import type { Shard } from '../generated/types.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { Memory } from '../engine/memory.ts';
import type { Transport } from '../transport/transport.ts';
import { probes } from '../observe/index.ts';
import { sshAccess } from '../observe/ssh-access.ts';
import { nagiosText } from '../report/escape/nagios.ts';
import { liveProgress } from '../report/live/index.ts';
import { passwordsIn, redact } from '../report/redact.ts';
import { timingLines, timingsOf } from '../report/timings.ts';
import { parseDuration } from '../scenario/duration.ts';
import type { Json } from '../scenario/observation.ts';
import { clientTransport } from '../transport/client.ts';
import { daemonEnvironment } from '../transport/environment.ts';
import { type BuilderOptions, readBuilders } from './builders.ts';
import { exitCodeFor, readExitStyle } from './exit-style.ts';
import { onInterrupt } from './interrupt.ts';
import { readOutputs, writeOutputs } from './output.ts';
import { memoryOf, readRecording, startRecording } from './recording.ts';
import { say } from './say.ts';
import { readWaivers } from './waivers.ts';
import { readSuiteToRun, type SuiteOptions } from './suite.ts';
import { UserError } from './user-error.ts';

export interface CheckOptions extends BuilderOptions, SuiteOptions, Omit<Selection, never> {
  var: string[];
  secret: string[];
  format: string[];
  jobs?: string | undefined;
  timeout?: string | undefined;
  readOnly?: true | undefined;
  verbose?: true | undefined;
  timings?: true | undefined;
  record?: string | undefined;
  replay?: string | undefined;
  waive?: string | undefined;
  shard?: string | undefined;
  exit?: string | undefined;
}

const name = 'nix-remote-builder-doctor';

/** `check`: looks at every builder, writes the outputs, returns the exit code. Throws {@link UserError}. */
export async function check(options: CheckOptions, version: string): Promise<number> {
  try {
    return await checkBuilders(options, version);
  } catch (error) {
    // A monitoring system reads standard output, and knows no exit code but its own.
    if (!(error instanceof UserError) || options.exit !== 'nagios') throw error;
    process.stdout.write(`NIX_BUILDERS UNKNOWN - ${nagiosText(error.message)}\n`);
    return 3;
  }
}

async function checkBuilders(options: CheckOptions, version: string): Promise<number> {
  const outputs = readOutputs(options.format);
  const secretVars = readSecrets(options.secret);
  const vars = { ...readVars(options.var), ...secretVars };
  const jobs = readJobs(options.jobs);
  const shard = readShard(options.shard);
  const exitStyle = readExitStyle(options.exit);
  const timeoutMs = readTimeout(options.timeout);
  const suite = await readSuiteToRun(options);
  const scenarios = usage(() => selectScenarios(suite, options));
  const waivers = options.waive === undefined ? [] : await readWaivers(options.waive, suite);
  const interrupt = onInterrupt();
  const folder = await mkdtemp(join(tmpdir(), 'nrbd-')).catch((error: unknown) => {
    throw new UserError(`cannot make a temporary folder (TMPDIR): ${String(error)}`);
  });
  const progress = liveProgress(process.stderr);
  try {
    const scene = await readScene(options, interrupt.signal);
    const { text, client, transport, builders, diagnostics, effective } = scene;
    const secrets = [
      ...Object.values(secretVars),
      ...builders.flatMap(({ fields }) => fields.flatMap((field) => passwordsIn(field.text))),
    ];
    const recorder =
      options.record === undefined
        ? null
        : startRecording({ client, builders, diagnostics, effective }, secrets);
    const memory = scene.memory ?? recorder?.memory;
    const selected = usage(() => selectBuilders(builders, options));
    const chosen = shard === undefined ? selected : shardOf(selected, shard);
    if (shard !== undefined && chosen.length === 0 && selected.length > 0)
      throw new UserError(`shard ${shard.index}/${shard.of} has no builder: fewer shards, please`);
    if (chosen.length === 0 && !diagnostics.some(({ severity }) => severity === 'error')) {
      throw new UserError(nothingToCheck(text, options, diagnostics));
    }
    const notes = notesOn(client);
    for (const note of notes) say(note, process.stderr);
    const report = await run({
      tool: { name, version },
      client,
      clientTransport: transport,
      builders: chosen,
      diagnostics,
      effective,
      scenarios: scenarios.map((scenario) => ({
        ...scenario,
        timeoutMs: Math.min(scenario.timeoutMs, timeoutMs),
      })),
      probes,
      access: (builder) =>
        usesSsh(builder) ? sshAccess({ builder, client, clientTransport: transport, folder }) : undefined,
      vars,
      jobs,
      readOnly: options.readOnly === true,
      notes,
      signal: interrupt.signal,
      emit: progress.onEvent,
      waivers,
      ...(shard === undefined ? {} : { shard }),
      ...(memory === undefined ? {} : { memory }),
    });
    if (options.record !== undefined) await recorder?.write(options.record);
    await writeOutputs(outputs, redact(report, secrets), options.verbose === true);
    if (options.timings === true) {
      const needs = new Map(scenarios.map(({ id, needs: own }) => [id, own]));
      say(timingLines(timingsOf(report, needs)).join('\n'), process.stderr);
    }
    const interrupted = exitStyle === 'nagios' ? null : interrupt.exitCode();
    return interrupted ?? exitCodeFor(report, exitStyle);
  } finally {
    progress.close();
    await rm(folder, { recursive: true, force: true });
    interrupt.dispose();
  }
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
async function readScene(options: CheckOptions, signal: AbortSignal): Promise<Scene> {
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
  const environment = await daemonEnvironment();
  const transport = clientTransport({ env: environment.env, cwd: '/' });
  const client = await viewClient(environment, transport, signal);
  const effective = options.builders === undefined ? readBuilders({}, client).builders : null;
  return { client, transport, effective, ...readBuilders(options, client) };
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
