import type { Probe } from './probe.ts';

/** What Nix makes of the machines text: every error and trap, with its place. */
export const machines: Probe = {
  name: 'machines',
  parameters: [],
  required: [],
  observe: (_parameters, { builders, diagnostics }) => {
    const lines = (wanted: 'error' | 'warning'): string[] =>
      diagnostics
        // What stops builds is told by the check of the entry itself.
        .filter(({ severity, stopsBuilds }) => severity === wanted && stopsBuilds !== true)
        .map(({ file, line, column, message }) => `${file ?? 'builders'}:${line}:${column}: ${message}`);
    const errors = lines('error');
    const warnings = lines('warning');
    const [first] = diagnostics.filter(({ severity }) => severity === 'error');
    return Promise.resolve({
      value: {
        builders: builders.length,
        errors,
        warnings,
        firstError: errors[0] ?? '',
        firstWarning: warnings[0] ?? '',
        allErrors: errors.join('\n'),
        allWarnings: warnings.join('\n'),
        code: first?.code ?? '',
        file: first?.file ?? '',
        line: first?.line ?? 0,
        column: first?.column ?? 0,
      },
    });
  },
};
