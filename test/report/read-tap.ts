import { Parser, type Result } from 'tap-parser';

/** What tap-parser makes of TAP, strictly: the points of all groups, what is wrong, the diagnostics. */
export function readTap(text: string): { points: string[]; problems: string[]; diagnostics: unknown[] } {
  const seen = { points: [] as string[], problems: [] as string[], diagnostics: [] as unknown[] };
  const parser = new Parser({ strict: true });
  const listen = (own: Parser, top: boolean): void => {
    own.on('child', (child: Parser) => listen(child, false));
    own.on('assert', (point: Result) => {
      if (top) return;
      seen.points.push(point.skip ? 'skip' : point.ok ? 'ok' : 'not ok');
      if (point.diag !== null) seen.diagnostics.push(point.diag);
    });
    own.on('extra', (line: string) => seen.problems.push(line));
  };
  listen(parser, true);
  parser.on('complete', ({ failures }: { failures: { tapError?: string }[] }) => {
    seen.problems.push(...failures.flatMap(({ tapError }) => (tapError ? [tapError] : [])));
  });
  parser.end(text);
  return seen;
}
