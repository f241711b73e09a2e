import { otherThere, whatHides } from '../nix/hidden-files.ts';
import type { Probe } from './probe.ts';

/** Characters that a message has for a list. */
const longestList = 290;

/** What Nix makes of the machines text: every error and trap, with its place. */
export const machines: Probe = {
  name: 'machines',
  parameters: [],
  required: [],
  observe: (_parameters, { client, machines: { builders, diagnostics } }) => {
    const lines = (wanted: 'error' | 'warning'): string[] =>
      diagnostics
        // What stops builds is told by the check of the entry itself.
        .filter(({ severity, stopsBuilds }) => severity === wanted && stopsBuilds !== true)
        .map(({ file, line, column, message }) => `${file ?? 'builders'}:${line}:${column}: ${message}`);
    const errors = lines('error');
    const warnings = lines('warning');
    const [first] = diagnostics.filter(({ severity }) => severity === 'error');
    const files = builders.flatMap(({ source: { file } }) => file ?? []);
    const hidden = client.buildsThroughDaemon ? otherThere(client.environment.place, files) : [];
    return Promise.resolve({
      value: {
        builders: builders.length,
        hidden: hidden.join(' '),
        hiddenBy: { ...whatHides(client.unitOptions, hidden) },
        errors,
        warnings,
        firstError: errors[0] ?? '',
        firstWarning: warnings[0] ?? '',
        allErrors: fitting(errors),
        allWarnings: fitting(warnings),
        code: first?.code ?? '',
        file: first?.file ?? '',
        line: first?.line ?? 0,
        column: first?.column ?? 0,
      },
    });
  },
};

/** One below the other, as many as a message has room for, and how many more there are. */
function fitting(lines: readonly string[]): string {
  let shown = 1;
  while (shown < lines.length && lines.slice(0, shown + 1).join('\n').length <= longestList - 20) shown += 1;
  const more = lines.length - shown;
  return [...lines.slice(0, shown), ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
