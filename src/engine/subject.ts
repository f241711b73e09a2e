import type { ReportCheck } from '../generated/report.ts';
import type { Builder } from '../machines/builder.ts';
import type { SshAccess } from '../connection/ssh-access.ts';
import type { Json } from '../scenario/observation.ts';
import type { LoginSlot } from './login-slot.ts';

/** What checks are made on: one builder, or the client itself. Grows while the run goes on. */
export interface Subject {
  /** Null for the client. */
  name: string | null;
  builder?: Builder;
  /** What templates know of it, made once. */
  known?: Record<string, Json>;
  ssh?: SshAccess;
  /** A builder's place among those that are logged in to at the same time. */
  loginSlot?: LoginSlot;
  /** What scenarios have captured so far. */
  facts: Record<string, Json>;
  /** By scenario id; settled when the check is done. */
  checks: Map<string, Promise<ReportCheck>>;
}
