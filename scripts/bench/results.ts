import type { Growth } from './growth.ts';
import type { Comparison } from './rounds.ts';

export interface Target {
  name: string;
  /** The figure must be no more than this. */
  most: number;
  figure: number;
  /** Half the distance between the quartiles of the rounds. */
  noise: number;
  met: boolean;
}

interface Results {
  machine: string;
  targets: Target[];
  one: Comparison;
  twenty: Comparison;
  newer: Comparison;
  hundred: Comparison;
  starting: Comparison;
  whole: Comparison;
  grown: { refusing: Growth[]; silent: Growth[] };
  work: Record<'readOnly' | 'full', object>;
}

function verdict({ figure, most, met }: Target): string {
  if (!met) return '**missed**';
  return figure > most ? 'met, within the noise' : 'met';
}

/** docs/performance.md. */
export function page(results: Results): string {
  const { machine, targets, one, twenty, newer, hundred, starting, whole, grown, work } = results;
  const rows = (lists: readonly (readonly (string | number)[])[]): string =>
    lists.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  const comparison = (
    title: string,
    { ms, ratio, processorMs, processorRatio, rounds }: Comparison,
  ): string => {
    const worked = Object.keys(processorMs).length > 0;
    const head = worked
      ? '| | ms | times the first | processor time of the client, ms | times the first |\n| --- | ---: | ---: | ---: | ---: |'
      : '| | ms | times the first |\n| --- | ---: | ---: |';
    const cells = (name: string): (string | number)[] => [
      ...[name, ms[name] ?? '', (ratio[name]?.median ?? Number.NaN).toFixed(2)],
      ...(worked ? [processorMs[name] ?? '', processorRatio[name]?.toFixed(2) ?? ''] : []),
    ];
    return `### ${title}\n\nMedians of ${rounds} rounds.\n\n${head}\n${rows(Object.keys(ms).map(cells))}\n`;
  };
  const costs = work as Record<
    'readOnly' | 'full',
    {
      logins: number;
      connections: number;
      bytes: number;
      sessions: number;
      remoteCommands: number;
      localPrograms: Record<string, number>;
    }
  >;
  return `# Performance

\`npm run bench\` writes this page. It measures all programs on the same real builders and compares their times within each
round. The builders are namespaces of one machine, so builders and client share its cores. Machine: ${machine}.

## Targets

| | figure | at most | |
| --- | ---: | ---: | --- |
${rows(targets.map((target) => [target.name, target.figure.toFixed(2), target.most, verdict(target)]))}

The *limit* is a script that runs the same remote commands over one \`ssh\` per builder, on all builders at the same time.

The doctor also logs in to each builder once, with the same \`ssh\` that Nix starts. A healthy builder gets no other
connection. This login proves the port and the host key. The commands of the suite run over it, and so does Nix's own check
of the store (\`store-ping\`).

Compared with the limit, the doctor does more work on the client: it starts itself, evaluates the checks, and starts one
\`nix\` for each \`store-ping\`. In this measurement builders and client share two cores, so this work adds to the
measured time. On a real fleet the client does little other work.

The peers have one test for each of these commands, written as their manuals recommend. goss renders its file on the client
and runs it on the builder (\`goss render | ssh HOST 'goss -g - validate'\`), so the builder needs goss.

In a checkout and in a Nix package, the build compiles the commands for the Node that it runs on. A package from npm does
not contain the compiled commands, so it compiles them at each start.

![Read-only suite on 20 builders](images/bench.svg)

${comparison('Read-only suite, 1 builder', one)}
${comparison('Read-only suite, 20 builders, client with OpenSSH 9.2', twenty)}
${comparison('Read-only suite, 20 builders, OpenSSH 10 on both sides', newer)}
${comparison('Read-only suite, 100 builders', hundred)}
${comparison('Full suite with real builds, one builder', whole)}
${comparison('Start-up', starting)}
\`lint\` is fast for the default suite because the package contains the hashes of its files. For your own suite of the same
size, \`lint\` takes about eight times as long as bare node.

## What one healthy builder costs

| | read-only suite | full suite |
| --- | ---: | ---: |
${rows([
  [
    "logins (all commands and \`store-ping\` use the login of Nix's \`ssh\`; each real build adds a login by Nix)",
    costs.readOnly.logins,
    costs.full.logins,
  ],
  ['connections to its port', costs.readOnly.connections, costs.full.connections],
  [
    'sessions on it (all quick commands of the suite share one)',
    costs.readOnly.sessions,
    costs.full.sessions,
  ],
  ['commands on the builder', costs.readOnly.remoteCommands, costs.full.remoteCommands],
  ['programs started on the client', count(costs.readOnly.localPrograms), count(costs.full.localPrograms)],
  ['bytes both ways', costs.readOnly.bytes, costs.full.bytes],
])}

## Growth

A pause is the processor time that the program uses between two turns of its event loop.

The builders are behind a port that greets like an SSH server and then closes the connection. The program resolves the
name, checks the port, and writes a complete report as JSON and HTML.

| builders | seconds | ms per builder | memory, MB | open files | longest pause, ms |
| ---: | ---: | ---: | ---: | ---: | ---: |
${rows(grown.refusing.map(growthRow))}

The builders are behind a port that never answers:

| builders | seconds | ms per builder | memory, MB | open files | longest pause, ms |
| ---: | ---: | ---: | ---: | ---: | ---: |
${rows(grown.silent.map(growthRow))}
`;
}

function growthRow({
  builders,
  seconds,
  msPerBuilder,
  memoryMb,
  files,
  longestPauseMs,
}: Growth): (string | number)[] {
  return [builders, seconds.toFixed(1), msPerBuilder.toFixed(1), memoryMb, files, longestPauseMs];
}

function count(programs: Record<string, number>): number {
  return Object.values(programs).reduce((sum, one) => sum + one, 0);
}

/** Bars of the ratios to the limit. */
export function chart({ ratio }: Comparison): string {
  const bars = Object.entries(ratio).map(([name, { median }]) => ({ name, median }));
  const longest = Math.max(...bars.map(({ median }) => median));
  const lines = bars.map(({ name, median }, index) => {
    const y = 30 + index * 34;
    const width = Math.max(2, (median / longest) * 420);
    return `<text x="206" y="${y + 16}" text-anchor="end">${name}</text><rect x="214" y="${y}" width="${width.toFixed(1)}" height="22" rx="3" fill="${name === 'doctor' ? '#1a7f4b' : '#8a96a3'}"/><text x="${(220 + width).toFixed(1)}" y="${y + 16}">${median.toFixed(1)}</text>`;
  });
  const height = 40 + bars.length * 34;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 ${height}" font-family="system-ui, sans-serif" font-size="14" role="img" aria-label="Time of the read-only suite on 20 builders, as a multiple of the limit"><rect width="700" height="${height}" fill="#fff"/><text x="214" y="18" font-weight="600">Read-only suite on 20 builders, times the limit</text>${lines.join('')}</svg>\n`;
}
