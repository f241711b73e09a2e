import type { Builder, Diagnostic } from '../machines/builder.ts';
import { CannotObserve, notMeasured } from '../support/cannot-observe.ts';
import { errorLines } from '../scenario/error-lines.ts';
import type { Json, Observation } from '../scenario/observation.ts';
import type { Transport } from '../transport/transport.ts';
import type { ClientView } from '../nix/client-view.ts';
import type { SshAccess } from '../connection/ssh-access.ts';

/** The machines file as Nix reads it. */
export interface MachinesView {
  /** The entries of the machines file that are checked. */
  builders: readonly Builder[];
  diagnostics: readonly Diagnostic[];
  /** The entries of Nix's own `builders` setting; null where the user gave entries in its place. */
  effective: readonly Builder[] | null;
}

/** What a built-in probe may look at. */
export interface ProbeContext {
  client: ClientView;
  /** The builder that is looked at; absent in a scenario that runs once on the client. */
  builder?: Builder;
  /** How Nix reaches the builder; absent where it is not reached by ssh. */
  ssh?: SshAccess;
  machines: MachinesView;
  /** Commands on the client, in the environment of Nix's daemon. */
  clientTransport: Transport;
  timeoutMs: number;
  signal: AbortSignal;
}

/**
 * A way to look at something that no command shows well. It gathers and never judges: what it finds goes into
 * `value`, and a scenario says what is right. It throws {@link CannotObserve} when there is nothing to judge.
 */
export interface Probe {
  name: string;
  /** The keys that a scenario's `with` may give. */
  parameters: readonly string[];
  required: readonly string[];
  observe(parameters: Record<string, Json>, context: ProbeContext): Promise<Observation>;
  /** A command that shows what was seen, when it is typed; absent where none does. */
  reproduce?(
    parameters: Record<string, Json>,
    context: ProbeContext,
    observation: Observation,
  ): Promise<string> | string;
}

/** The builder, for a probe that makes no sense without one. */
export function builderOf({ builder }: ProbeContext): Builder {
  if (builder === undefined) throw new CannotObserve('no-builder', 'this probe looks at a builder');
  return builder;
}

/** The builder and the way to it, for a probe that makes no sense without ssh. */
export function sshOf({ builder, ssh }: ProbeContext): { builder: Builder; ssh: SshAccess } {
  if (builder === undefined || ssh === undefined) {
    throw new CannotObserve('no-ssh', 'this probe looks at a builder that is reached by ssh');
  }
  return { builder, ssh };
}

/** A parameter as text; what a scenario leaves out is empty. */
export function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** Why the settings of the client's Nix are not known: an error, but where there is no Nix. */
export function noClientSettings({ nixVersion, nixUnanswered, settingsFailure }: ClientView): CannotObserve {
  if (nixUnanswered) return new CannotObserve('no-settings', 'Nix on this machine did not answer in time');
  return nixVersion === ''
    ? new CannotObserve(notMeasured, 'there is no Nix on this machine that shows its settings')
    : new CannotObserve(
        'no-settings',
        `Nix ${nixVersion} on this machine does not show its settings: ${errorLines(settingsFailure)}`,
      );
}
