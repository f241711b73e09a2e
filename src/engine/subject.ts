import type { ReportCheck } from '../generated/report.ts';
import type { Builder } from '../machines/builder.ts';
import type { SshAccess } from '../connection/ssh-access.ts';
import type { Json } from '../scenario/observation.ts';
import type { LoginSlot } from './login-slot.ts';

/** What is checked: one builder, or the client. Facts and checks are added during the run. */
export interface Subject {
  /** Null for the client. */
  name: string | null;
  builder?: Builder;
  /** Its names for templates, made once. */
  known?: Record<string, Json>;
  ssh?: SshAccess;
  /** Limits how many builders are logged in to at the same time. */
  loginSlot?: LoginSlot;
  /** Captured so far. */
  facts: Record<string, Json>;
  /** By scenario id; settled when the check is done. */
  checks: Map<string, Promise<ReportCheck>>;
}
