import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { fromEnvironment } from './from-environment.ts';
import { buildersHelp, includeHelp, machinesHelp } from './option-help.ts';
import { collect } from './shared-options.ts';

/** A command that runs checks: what is checked, and how. */
export function runCommand(program: CommandUnknownOpts, name: string) {
  return new Command(name)
    .copyInheritedSettings(program)
    .option('-m, --machines-file <file>', machinesHelp)
    .option('--builders <text>', buildersHelp)
    .option('-i, --include <host>', includeHelp, collect, [])
    .option(
      '-e, --exclude <host>',
      'not these builders, named as for --include (may be repeated)',
      collect,
      [],
    )
    .option(
      '--inventory <flake>',
      'only builders whose host a flake names (NixOS, nix-darwin, Colmena, deploy-rs), or a hive.nix (may be repeated)',
      collect,
      [],
    )
    .option('-t, --test <scenario>', 'only this scenario and what it needs (may be repeated)', collect, [])
    .option('--skip <scenario>', 'not this scenario (may be repeated)', collect, [])
    .option('--stage <stage>', 'only this stage and what it needs (may be repeated)', collect, [])
    .option('--tag <tag>', 'only scenarios with this tag and what they need (may be repeated)', collect, [])
    .option('--skip-tag <tag>', 'no scenario with this tag (may be repeated)', collect, [])
    .option('-s, --spec <path>', 'scenarios of your own: a file or a folder (may be repeated)', collect, [])
    .option('--no-default-specs', 'without the default suite')
    .option('--var <key=value>', 'a value for {{vars.KEY}} (may be repeated)', collect, [])
    .option(
      '--secret <key=variable>',
      'a value for {{vars.KEY}} from this environment variable, never shown (may be repeated)',
      collect,
      [],
    )
    .option('--secret-file <key=file>', 'the same from a file (may be repeated)', collect, [])
    .option(
      '--secret-command <key=command>',
      'the same from what a command for sh prints (may be repeated)',
      collect,
      [],
    )
    .option('-j, --jobs <n>', 'builders checked at the same time (10)')
    .option('--timeout <duration>', "no check may take longer, e.g. 30s or 2m (each scenario's own)")
    .option('--read-only', 'run only what changes nothing on client and builder')
    .option('--waive <file>', 'checks that need not pass for now, each with a reason')
    .hook('preAction', fromEnvironment);
}
