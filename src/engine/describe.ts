import type { ReportObservation } from '../generated/report.ts';
import type { Observation } from '../scenario/observation.ts';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { ObservationRequest } from './observe.ts';

/** An observation as the report keeps it: with what was asked, as a shell would take it. */
export function describeObservation(
  request: ObservationRequest,
  observation: Observation,
): ReportObservation {
  const { durationMs, truncated, timedOut, at: _at, ...seen } = observation;
  return {
    target: request.target,
    ...(request.kind === 'probe' ? { probe: request.probe } : { command: commandText(request.command) }),
    ...seen,
    ...(timedOut === true ? { timedOut } : {}),
    ...(truncated === true ? { truncated } : {}),
    ...(durationMs === undefined ? {} : { durationMs: Math.round(durationMs) }),
  };
}

/** As a shell takes it. */
export function commandText(command: string | readonly string[]): string {
  return typeof command === 'string' ? command : command.map(quoteIfNeeded).join(' ');
}
