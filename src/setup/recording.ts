import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ObservationStore } from '../engine/recording.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../nix/client-view.ts';
import { redactor, redactText } from '../report/redact.ts';
import { type Removed, removedFrom } from '../report/removed.ts';
import type { Json, Observation } from '../scenario/observation.ts';
import type { RecordedRun } from './recorded-run.ts';
import { UserError } from '../support/user-error.ts';

/** All that a run saw: what `--replay` judges again without touching any host. */
export interface Recording {
  recordingVersion: 1;
  client: ClientView;
  builders: Builder[];
  diagnostics: Diagnostic[];
  effective: Builder[] | null;
  observations: Record<string, Observation>;
  /** How it was made; absent in recordings of older versions. */
  run?: RecordedRun;
  /** Kinds of secrets that were taken out. */
  removed?: Removed[];
}

const fileName = 'recording.json';

/** Variables of the daemon that checks look at, and that hold no secret. */
const keptVariables = ['PATH', 'TMPDIR', 'HOME', 'LANG', 'NIX_REMOTE', 'NIX_SSHOPTS', 'XDG_CONFIG_HOME'];

/** Settings of Nix whose values are secret, whatever they look like. */
const secretSettings = ['access-tokens', 'impure-env'];

/** Records observations; `write` saves them and returns what was removed. */
export function startRecording(
  scene: Omit<Recording, 'recordingVersion' | 'observations' | 'run' | 'removed'>,
  secrets: readonly string[],
): {
  observations: ObservationStore;
  write: (target: string, run: RecordedRun) => Promise<Removed[]>;
} {
  const observations: Recording['observations'] = {};
  return {
    observations: {
      record: (question, observation) => void (observations[redactText(question)] = observation),
    },
    write: async (target, run) => {
      const { environment, settings } = scene.client;
      const env = Object.entries(environment.env);
      const kept = env.filter(([name]) => keptVariables.includes(name));
      const hidden = secretSettings.filter((name) => isSet(settings?.[name]));
      const all = [...secrets, ...hidden.flatMap((name) => textsIn(settings?.[name]))];
      const recording: Recording = {
        recordingVersion: 1,
        ...scene,
        client: {
          ...scene.client,
          environment: { ...environment, env: Object.fromEntries(kept) },
          settings:
            settings === null
              ? null
              : Object.fromEntries(
                  Object.entries(settings).filter(([name]) => !secretSettings.includes(name)),
                ),
        },
        observations,
        run,
      };
      const removed = [
        ...removedFrom(recording, all),
        ...(hidden.length === 0 ? [] : [{ what: 'setting of Nix that holds secrets', count: hidden.length }]),
        ...(env.length === kept.length
          ? []
          : [{ what: "variable of the daemon's environment", count: env.length - kept.length }]),
      ];
      const text = `${JSON.stringify(redactor(all)({ ...recording, removed }), null, 1)}\n`;
      try {
        await writeTo(target, text);
      } catch (error) {
        throw new UserError(
          `cannot write the recording: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      return removed;
    },
  };
}

/** A file that can be attached, where the name is that of one; else in a folder. */
async function writeTo(target: string, text: string): Promise<void> {
  if (!isFileName(target)) await mkdir(target, { recursive: true, mode: 0o700 });
  const file = isFileName(target) ? target : join(target, fileName);
  await writeFile(file, file.endsWith('.gz') ? gzipSync(text) : text, { mode: 0o600 });
}

function isFileName(target: string): boolean {
  return /\.(json|gz)$/.test(target);
}

function isSet(value: Json | undefined): boolean {
  return textsIn(value).length > 0;
}

/** The texts in a value, short ones left out: `x` stands in every other word. */
function textsIn(value: Json | undefined): string[] {
  if (typeof value === 'string') return value.length > 5 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** From a folder, or a file of it. Throws {@link UserError} where there is no recording. */
export async function readRecording(target: string): Promise<Recording> {
  try {
    const bytes = await readFile(isFileName(target) ? target : join(target, fileName));
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = isPacked ? gunzipSync(bytes, { maxOutputLength: mostBytes }) : bytes;
    const recording = JSON.parse(text.toString('utf8')) as Recording;
    if ((recording.recordingVersion as number) !== 1)
      throw new Error(`it is of version ${String(recording.recordingVersion)}, and this program reads 1`);
    return recording;
  } catch (error) {
    throw new UserError(
      `cannot read the recording: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A packed file may be made to unpack into far more. */
const mostBytes = 512 * 1024 * 1024;

/** Replays the observations of a recording. They are judged by the time of its run. */
export function replayOf({ observations, run }: Recording): ObservationStore {
  const time = run === undefined ? {} : { at: run.at };
  return {
    replay: (question) => {
      const key = redactText(question);
      const found = Object.hasOwn(observations, key) ? observations[key] : undefined;
      return found === undefined ? undefined : { ...found, ...time };
    },
  };
}
