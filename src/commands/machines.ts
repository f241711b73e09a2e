import { type BuilderOptions, readBuilders } from './builders.ts';
import { say } from './say.ts';
import { lookAtThisMachine } from './this-machine.ts';

interface MachinesOptions extends BuilderOptions {
  nixVersion?: string | undefined;
  format: string;
}

/** `machines`: what Nix makes of each entry, then what is wrong with it. 1 when Nix would refuse the text. */
export async function machines(options: MachinesOptions): Promise<number> {
  const { client } = await lookAtThisMachine(AbortSignal.timeout(30_000));
  const nixVersion = options.nixVersion ?? client.nixVersion;
  const { text, builders, diagnostics } = await readBuilders(options, { ...client, nixVersion });
  const refused = diagnostics.some(({ severity }) => severity === 'error');
  if (options.format === 'json') {
    process.stdout.write(
      `${JSON.stringify({ setting: text, nixVersion, builders, external: client.external, diagnostics }, null, 2)}\n`,
    );
    return refused ? 1 : 0;
  }
  say(
    `builders = ${text.trim() === '' ? '(empty)' : text.trim()}, as Nix ${nixVersion || '(none found)'} reads it`,
  );
  for (const builder of builders) {
    const { source } = builder;
    say('');
    say(`${builder.uri}    ${source.file ?? 'the builders setting'}:${source.line}`);
    say(`  systems             ${builder.systems.join(', ') || '(none)'}`);
    say(`  ssh key             ${builder.sshKey || "(ssh's own choice)"}`);
    say(`  jobs, speed factor  ${builder.maxJobs}, ${builder.speedFactor}`);
    say(`  features            ${builder.supportedFeatures.join(', ') || '(none)'}`);
    say(`  mandatory features  ${builder.mandatoryFeatures.join(', ') || '(none)'}`);
    say(`  host key            ${builder.publicHostKey === '' ? 'from known_hosts' : 'given here'}`);
  }
  for (const { systems, program, args } of client.external.builders) {
    say('');
    say(`${[program, ...args].join(' ')}    external-builders`);
    say(`  systems             ${systems.join(', ') || '(none)'}`);
    say(`  features            any: Nix does not compare them`);
    say(
      `  started             ${client.external.enabled ? 'for what no builder takes' : 'never: the experimental feature external-builders is not enabled'}`,
    );
  }
  if (diagnostics.length > 0) say('');
  for (const { severity, message, file, line, column } of diagnostics) {
    say(`${file ?? 'builders'}:${line}:${column}: ${severity}: ${message}`);
  }
  if (refused)
    say('\nNix refuses the whole text because of this: every build on this machine fails, local ones too.');
  return refused ? 1 : 0;
}
