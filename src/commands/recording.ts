import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Memory } from '../engine/memory.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../observe/client-view.ts';
import { redactor, redactText } from '../report/redact.ts';
import type { Observation } from '../scenario/observation.ts';
import { UserError } from './user-error.ts';

/** All that a run saw: what `--replay` judges again without touching any host. */
export interface Recording {
  recordingVersion: 1;
  client: ClientView;
  builders: Builder[];
  diagnostics: Diagnostic[];
  effective: Builder[] | null;
  observations: Record<string, Observation>;
}

const fileName = 'recording.json';

/** A memory that keeps, and the way to write it down. */
export function startRecording(
  scene: Omit<Recording, 'recordingVersion' | 'observations'>,
  secrets: readonly string[],
): {
  memory: Memory;
  write: (folder: string) => Promise<void>;
} {
  const observations: Recording['observations'] = {};
  return {
    memory: { keep: (question, observation) => void (observations[redactText(question)] = observation) },
    write: async (folder) => {
      // The environment of a daemon may hold anything, and a replay needs none of it.
      const environment = { ...scene.client.environment, env: {} };
      const recording: Recording = {
        recordingVersion: 1,
        ...scene,
        client: { ...scene.client, environment },
        observations,
      };
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        const text = JSON.stringify(redactor(secrets)(recording), null, 1);
        await writeFile(join(folder, fileName), `${text}\n`, { mode: 0o600 });
      } catch (error) {
        throw new UserError(
          `cannot write the recording: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    },
  };
}

/** Throws {@link UserError} for a folder without a recording. */
export async function readRecording(folder: string): Promise<Recording> {
  try {
    const recording = JSON.parse(await readFile(join(folder, fileName), 'utf8')) as Recording;
    if ((recording.recordingVersion as number) !== 1)
      throw new Error(`it is of version ${String(recording.recordingVersion)}, and this program reads 1`);
    return recording;
  } catch (error) {
    throw new UserError(
      `cannot read the recording: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A memory that brings back. */
export function memoryOf({ observations }: Recording): Memory {
  return {
    recall: (question) => {
      const key = redactText(question);
      return Object.hasOwn(observations, key) ? observations[key] : undefined;
    },
  };
}
