import type { SshAccess } from '../connection/ssh-access.ts';
import type { Shard } from '../generated/report.ts';
import type { Waiver } from '../generated/waivers.ts';
import type { Builder, Diagnostic } from '../machines/builder.ts';
import type { ClientView } from '../nix/client-view.ts';
import type { Probe } from '../probes/probe.ts';
import type { ReportEvent } from '../report/events.ts';
import type { Json } from '../scenario/observation.ts';
import type { Scenario } from '../scenario/scenario.ts';
import type { Transport } from '../transport/transport.ts';
import type { LoginSlot } from './login-slot.ts';
import type { ObservationStore } from './recording.ts';

/** All that a run needs. The engine reads no files and asks Nix nothing by itself. */
export interface RunInput {
  tool: { name: string; version: string };
  client: { view: ClientView; transport: Transport };
  fleet: Fleet;
  suite: Suite;
  limits: Limits;
  output: Output;
  signal: AbortSignal;
  /** Records or replays observations; absent in an ordinary run. */
  observations?: ObservationStore;
}

/** The builders to check. */
interface Fleet {
  /** Those of the machines file and the external ones. */
  builders: readonly Builder[];
  diagnostics: readonly Diagnostic[];
  /** The entries of Nix's own `builders` setting; null where the user gave entries in its place. */
  effective: readonly Builder[] | null;
  /** How Nix reaches a builder by ssh; undefined where it does not. */
  access: (builder: Builder, slot: LoginSlot) => SshAccess | undefined;
  /** Which part of the fleet `builders` is, where it is a part. */
  shard?: Shard;
}

/** The checks to make. */
interface Suite {
  /** In the order of {@link orderByNeeds}. */
  scenarios: readonly Scenario[];
  probes: ReadonlyMap<string, Probe>;
  vars: Record<string, Json>;
  /** Checks that need not pass; `until` was not yet over when they were read. */
  waivers?: readonly Waiver[];
}

interface Limits {
  /** No check may take longer, in milliseconds. Default: each scenario's own limit. */
  mostMs?: number;
  /** Builders logged in to at the same time. A builder that does not answer holds no slot. */
  jobs: number;
  readOnly: boolean;
}

interface Output {
  notes: readonly string[];
  emit: (event: ReportEvent) => void;
  /** Removes secrets from what goes into events and the report. */
  redact: <T>(value: T) => T;
}
