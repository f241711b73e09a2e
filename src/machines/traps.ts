import type { Builder, Field } from './builder.ts';
import { columnTraps } from './column-traps.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Features } from './release.ts';
import type { Span } from './text.ts';
import type { Trap } from './trap.ts';
import { uriTraps } from './uri-traps.ts';

/** Warns of every trap in an entry that Nix accepts. */
export function warnOfTraps(
  builder: Builder,
  features: Features,
  release: string,
  diagnostics: Diagnostics,
): void {
  for (const { code, column, says, stopsBuilds, correction } of traps) {
    const field = builder.fields[column];
    if (field === undefined || field.text === '-') continue;
    const input = { builder, features, release };
    const message = says(field.text, input);
    if (message === null) continue;
    const stops =
      typeof stopsBuilds === 'function' ? stopsBuilds(field.text, input) : stopsBuilds === 'always';
    const corrected = correction?.(field.text, input) ?? null;
    diagnostics.warn(spanOf(builder, field), code, message, {
      ...(stops ? { stopsBuilds: true } : {}),
      ...(corrected === null ? {} : { correction: { column, text: corrected } }),
    });
  }
}

/** Every trap, in the order of the columns. */
export const traps: readonly Trap[] = [...uriTraps, ...columnTraps];

/** Slot files are named by the URI alone (build-remote.cc, `openSlotLock`). */
export function warnOfDuplicates(builders: readonly Builder[], diagnostics: Diagnostics): void {
  const first = new Map<string, Builder>();
  for (const builder of builders) {
    const earlier = first.get(builder.uri);
    const [field] = builder.fields;
    if (earlier === undefined) first.set(builder.uri, builder);
    else if (field !== undefined) {
      diagnostics.warn(
        spanOf(builder, field),
        'duplicate-uri',
        `${placeOf(earlier, builder)} has the same URI, and the two share their slots: together they run no more builds than the larger of the two; join them, or set one apart with a parameter`,
      );
    }
  }
}

function placeOf({ source }: Builder, from: Builder): string {
  const file = source.file === from.source.file ? '' : `${source.file ?? 'the builders setting'}, `;
  return `${file}line ${source.line}`;
}

function spanOf({ source }: Builder, { text, line, column }: Field): Span {
  return { text, line, column, ...(source.file === undefined ? {} : { file: source.file }) };
}
