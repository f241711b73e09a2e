import { type BuilderOptions, readBuilders } from '../setup/builders.ts';
import { print } from '../cli/print.ts';
import { inspectThisMachine } from '../setup/this-machine.ts';

interface MachinesOptions extends BuilderOptions {
  nixVersion?: string | undefined;
  format: string;
}

/** `machines`: what Nix makes of each entry, then what is wrong with it. 1 when Nix would refuse the text. */
export async function machines(options: MachinesOptions): Promise<number> {
  const { client } = await inspectThisMachine(AbortSignal.timeout(30_000));
  const nixVersion = options.nixVersion ?? client.nixVersion;
  const { text, builders, diagnostics } = await readBuilders(options, { ...client, nixVersion });
  const refused = diagnostics.some(({ severity }) => severity === 'error');
  if (options.format === 'json') {
    process.stdout.write(
      `${JSON.stringify({ setting: text, nixVersion, builders, external: client.external, diagnostics }, null, 2)}\n`,
    );
    return refused ? 1 : 0;
  }
  print(
    `builders = ${text.trim() === '' ? '(empty)' : text.trim()}, as Nix ${nixVersion || '(none found)'} reads it`,
  );
  for (const builder of builders) {
    const { source } = builder;
    print('');
    print(`${builder.uri}    ${source.file ?? 'the builders setting'}:${source.line}`);
    print(`  systems             ${builder.systems.join(', ') || '(none)'}`);
    print(`  ssh key             ${builder.sshKey || "(ssh's own choice)"}`);
    print(`  jobs, speed factor  ${builder.maxJobs}, ${builder.speedFactor}`);
    print(`  features            ${builder.supportedFeatures.join(', ') || '(none)'}`);
    print(`  mandatory features  ${builder.mandatoryFeatures.join(', ') || '(none)'}`);
    print(`  host key            ${builder.publicHostKey === '' ? 'from known_hosts' : 'given here'}`);
  }
  for (const { systems, program, args } of client.external.builders) {
    print('');
    print(`${[program, ...args].join(' ')}    external-builders`);
    print(`  systems             ${systems.join(', ') || '(none)'}`);
    print(`  features            any: Nix does not compare them`);
    print(
      `  started             ${client.external.enabled ? 'for what no builder takes' : 'never: the experimental feature external-builders is not enabled'}`,
    );
  }
  if (diagnostics.length > 0) print('');
  for (const { severity, message, file, line, column } of diagnostics) {
    print(`${file ?? 'builders'}:${line}:${column}: ${severity}: ${message}`);
  }
  if (refused)
    print('\nNix refuses the whole text because of this: every build on this machine fails, local ones too.');
  return refused ? 1 : 0;
}
