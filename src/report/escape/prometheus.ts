import { oneLine } from './visible.ts';

/** A label's value in Prometheus's text format: between quotes, on one line. */
export function prometheusLabel(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
