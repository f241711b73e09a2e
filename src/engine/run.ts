import pLimit from 'p-limit';
import type { Report, ReportBuilder, ReportCheck } from '../generated/report.ts';
import type { Builder } from '../machines/builder.ts';
import { summarise } from '../report/build.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { yieldToEventLoop } from '../support/yield-to-event-loop.ts';
import { reportBuilder } from './builder-report.ts';
import { isExternal, scenariosFor } from './external.ts';
import { type LoginSlot, loginSlots } from './login-slot.ts';
import { uniqueNames } from './names.ts';
import { printFixes } from './print-fixes.ts';
import type { RunInput } from './run-input.ts';
import type { Subject } from './subject.ts';
import { type RunContext, SubjectRun } from './subject-run.ts';

interface BuilderChecks {
  slot: LoginSlot;
  scenarios: readonly Scenario[];
  /** The checks of the client, once they are done. */
  clientDone: Promise<ReportCheck[]>;
}

/** Builders whose names and ports are looked up at the same time: a thousand dead ones cost one timeout. */
const maxBuildersAtOnce = 1000;

/** Makes every check and returns the report. An aborted run returns what is known so far, marked `interrupted`. */
export function run(input: RunInput): Promise<Report> {
  return new Run(input).run();
}

/** One run over the fleet. */
class Run {
  private readonly input: RunInput;
  private readonly started = performance.now();
  private readonly names: readonly string[];
  private readonly client: Subject = { name: null, facts: {}, checks: new Map() };
  private readonly context: RunContext;

  constructor(input: RunInput) {
    this.input = input;
    const { builders, diagnostics, effective } = input.fleet;
    this.names = input.output.redact(uniqueNames(builders));
    this.context = {
      input,
      // One list for all probes: some cache what they find by its identity.
      machines: { builders: builders.filter((builder) => !isExternal(builder)), diagnostics, effective },
      client: this.client,
      started: this.started,
    };
  }

  async run(): Promise<Report> {
    const startedAt = new Date().toISOString();
    const { scenarios } = this.input.suite;
    const perBuilder = scenarios.filter(({ per }) => per === 'builder');
    this.input.output.emit({
      type: 'run-started',
      builders: this.names.map((name) => ({ name })),
      scenarios: perBuilder.map(({ id, stage, title }) => ({ id, stage, title })),
    });
    const clientDone = this.checkSubject(
      this.client,
      scenarios.filter(({ per }) => per === 'client'),
    );
    const limit = pLimit(maxBuildersAtOnce);
    const newSlot = loginSlots(this.input.limits.jobs);
    const builders = await Promise.all(
      this.input.fleet.builders.map((builder, index) =>
        limit(async () => {
          await yieldToEventLoop();
          return this.checkBuilder(builder, this.names[index] ?? builder.uri, {
            slot: newSlot(),
            scenarios: scenariosFor(builder, perBuilder),
            clientDone,
          });
        }),
      ),
    );
    return this.report(startedAt, await clientDone, builders);
  }

  private async checkBuilder(
    builder: Builder,
    name: string,
    { slot, scenarios, clientDone }: BuilderChecks,
  ): Promise<ReportBuilder> {
    const ssh = this.input.fleet.access(builder, slot);
    const subject: Subject = {
      name,
      builder,
      ...(ssh === undefined ? {} : { ssh }),
      loginSlot: slot,
      facts: {},
      checks: new Map(),
    };
    try {
      const checks = await this.checkSubject(subject, scenarios);
      const result = reportBuilder(
        { name, builder, ...(ssh === undefined ? {} : { transport: ssh.transportName() }) },
        checks,
        await clientDone,
        this.input.output.redact,
      );
      this.input.output.emit({ type: 'builder-finished', builder: result });
      return result;
    } finally {
      slot.release();
      await ssh?.close();
    }
  }

  private async checkSubject(subject: Subject, scenarios: readonly Scenario[]): Promise<ReportCheck[]> {
    const checks = await new SubjectRun(this.context, subject).run(scenarios);
    return printFixes(checks, subject, this.input.client.view, this.input.output.redact);
  }

  private report(startedAt: string, clientChecks: ReportCheck[], builders: ReportBuilder[]): Report {
    const { tool, client, fleet, output, signal } = this.input;
    const { hostname, user, nixVersion } = client.view;
    const notes = output.notes.length === 0 ? {} : { notes: [...output.notes] };
    const report: Report = {
      schemaVersion: 1,
      tool,
      startedAt,
      durationMs: Math.round(performance.now() - this.started),
      ...(signal.aborted ? { interrupted: true } : {}),
      ...(fleet.shard === undefined ? {} : { shard: fleet.shard }),
      client: output.redact({ hostname, user, nixVersion, ...notes }),
      summary: summarise(clientChecks, builders),
      clientChecks,
      builders,
    };
    output.emit({ type: 'run-finished', report });
    return report;
  }
}
