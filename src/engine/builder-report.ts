import type { ReportBuilder, ReportCheck } from '../generated/report.ts';
import type { Builder } from '../machines/builder.ts';
import { entryWith } from '../machines/entry-with.ts';
import { causesOf, rootCauseOf, verdictOf } from '../report/build.ts';
import type { Transport } from '../transport/transport.ts';

interface CheckedBuilder {
  name: string;
  builder: Builder;
  /** How its commands were run; undefined where none was. */
  transport?: Transport['name'] | undefined;
}

/** A builder with its checks, as the report has it. The checks are redacted already; `redact` does the entry. */
export function reportBuilder(
  { name, builder, transport }: CheckedBuilder,
  checks: ReportCheck[],
  clientChecks: readonly ReportCheck[],
  redact: <T>(value: T) => T,
): ReportBuilder {
  const { uri, host, source } = builder;
  return {
    ...redact({
      name,
      uri,
      host,
      source: { ...(source.file === undefined ? {} : { file: source.file }), line: source.line },
      entry: entryWith(builder, {}),
    }),
    ...(transport === undefined ? {} : { transport }),
    verdict: verdictOf(clientChecks, checks),
    rootCause: rootCauseOf(clientChecks, checks),
    causes: causesOf(clientChecks, checks),
    checks,
  };
}
