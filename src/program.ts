import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { fromEnvironment } from './cli/from-environment.ts';
import { buildersHelp, exitHelp, machinesHelp, strictHelp } from './cli/option-help.ts';
import { runCommand } from './cli/run-command.ts';
import { collect, formatOf, quiet, textOrJson, verbose } from './cli/shared-options.ts';
import { refuseUnknownCommand } from './cli/unknown-command.ts';
import { writeUsageError } from './cli/usage-error.ts';
import { packageRoot } from './support/package-root.ts';

function version(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Sets the process's exit code; nothing else does. */
function exitWith(code: number): void {
  process.exitCode = code;
}

/** Every command, its words and its options; what a command does is loaded when it is run. */
export const program = new Command('nix-remote-builder-doctor')
  .description(
    'Finds out why Nix does not build on your remote builders, and says what to type to repair it.',
  )
  .version(version(), '-V, --version')
  .showHelpAfterError('Run with --help for usage.')
  .configureOutput({ outputError: writeUsageError })
  .hook('preSubcommand', refuseUnknownCommand)
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 healthy (warnings allowed), 1 a check failed, 2 usage or files that cannot be read or nothing to
check, 3 nothing failed but something could not be measured, 129/130/143 interrupted.

Environment: MACHINES_FILE, INCLUDE and EXCLUDE stand for --machines-file, --include and --exclude where these are not
given; several names are separated by commas or blanks.

Run it as root on the machine whose Nix sends builds away: sudo nix-remote-builder-doctor`,
  );

program.addCommand(
  runCommand(program, 'check')
    .description('check every builder (this is what runs without a command)')
    .option(
      '-f, --format <name[=file]>',
      'output format, to a file if one is given (may be repeated)',
      collect,
      [],
    )
    .option('--record <path>', 'keep all that was seen, without secrets: FILE.json.gz to attach, or a folder')
    .option('--replay <path>', 'judge a recording again; touches no host')
    .option('--shard <part/parts>', 'only this part of the builders, e.g. 2/5; join the reports with merge')
    .option('--exit <style>', exitHelp)
    .option('--strict', strictHelp)
    .option('--deadline <duration>', 'the whole run ends then; what is not known by then is an error')
    .option('--update-snapshots', 'write what is seen to the snapshots that differ from it')
    .option('--timings', 'say afterwards where the time went, and what the end waited for')
    .addOption(verbose())
    .addOption(quiet())
    .action(async (options) =>
      exitWith(await (await import('./commands/check.ts')).check(options, version())),
    ),
  { isDefault: true },
);

program.addCommand(
  runCommand(program, 'serve')
    .description('check again and again, and answer at /, /healthz, /metrics and /report.json')
    .option('--listen <address:port>', 'where to answer', '127.0.0.1:9847')
    .option('--interval <duration>', 'from the end of a run to the next', '5m')
    .action(async (options) =>
      exitWith(await (await import('./commands/serve.ts')).serve(options, version())),
    ),
);

program.addCommand(
  runCommand(program, 'watch')
    .description('the table again and again, also when the machines file changes, and what is different')
    .option('--every <duration>', 'from the end of a run to the next', '30s')
    .action(async (options) =>
      exitWith(await (await import('./commands/watch.ts')).watch(options, version())),
    ),
);

program.addCommand(
  runCommand(program, 'fix')
    .description('the plan that repairs every builder; with --apply, do what is safe')
    .option('--apply', 'do the safe steps on this machine one by one, and check again after each')
    .option('--yes', 'do not ask before each step')
    .action(async (options) => exitWith(await (await import('./commands/fix.ts')).fix(options, version()))),
);

program.addCommand(
  runCommand(program, 'healthy')
    .description('check the builders, and print the healthy ones as a value for --builders')
    .action(async (options) =>
      exitWith(await (await import('./commands/healthy.ts')).healthy(options, version())),
    ),
);

program
  .command('build-hook')
  .description("a script for Nix's setting build-hook that leaves out builders that do not answer")
  .option('--hook <command>', "Nix's own build hook (what Nix says)")
  .option('--state <dir>', 'where it keeps which builders answer', '/run/nix-remote-builder-doctor')
  .action(async (options) => exitWith(await (await import('./commands/build-hook.ts')).buildHook(options)));

program
  .command('enroll')
  .argument('<[user@]host[:port]>', 'a host that ssh can reach as root does')
  .description('the machines line that is right for a host, and what is missing there')
  .option('--scheme <scheme>', 'ssh-ng or ssh', 'ssh-ng')
  .option('--key <file>', "root's private key for it")
  .option('--fingerprint <sha256>', 'the host key that you have compared, as SHA256:…')
  .option('--speed <factor>', 'how fast it is beside the others', '1')
  .option('--check', 'make every check on the line, real builds included')
  .option('--write', 'add the line to the machines file, which is copied before')
  .option('-m, --machines-file <file>', 'the file for --write', '/etc/nix/machines')
  .addOption(formatOf(['text', 'line', 'nix', 'json']))
  .action(async (target, options) =>
    exitWith(await (await import('./commands/enroll.ts')).enroll(target, options, version())),
  );

program
  .command('list')
  .description('the scenarios, their stage, needs, tags and effect')
  .option('--stage <stage>', 'only scenarios of this stage (may be repeated)', collect, [])
  .option('--tag <tag>', 'only scenarios with this tag (may be repeated)', collect, [])
  .option('-s, --spec <path>', 'scenarios of your own, too', collect, [])
  .option('--no-default-specs', 'without the default suite')
  .addOption(textOrJson())
  .action(async (options) => exitWith(await (await import('./commands/list.ts')).list(options)));

program
  .command('explain')
  .argument('<name>', 'a scenario or a cause')
  .description('what a scenario looks at, or what a cause means and how it is repaired')
  .option('-s, --spec <path>', 'scenarios of your own, too', collect, [])
  .action(async (name, options) =>
    exitWith(await (await import('./commands/explain.ts')).explain(name, options)),
  );

program
  .command('lint')
  .argument('<path...>', 'scenario files or folders')
  .description('find what is wrong in scenarios (exit 0 clean, 2 problems)')
  .addOption(textOrJson())
  .action(async (paths, options) =>
    exitWith(await (await import('./commands/lint.ts')).lint(paths, options)),
  );

program
  .command('new')
  .argument('<path>', 'the file to write; its name is the id of the scenario')
  .description('write a valid scenario to start from')
  .action(async (path) => exitWith(await (await import('./commands/new.ts')).newScenario(path)));

program
  .command('schema')
  .argument('<name>', 'scenario or report')
  .description('print a JSON Schema')
  .action(async (name) => exitWith(await (await import('./commands/schema.ts')).schema(name)));

program
  .command('machines')
  .description('what Nix makes of each entry of the machines file')
  .hook('preAction', fromEnvironment)
  .option('-m, --machines-file <file>', machinesHelp)
  .option('--builders <text>', buildersHelp)
  .option('--nix-version <version>', 'read it as this version of Nix does')
  .addOption(textOrJson())
  .action(async (options) => exitWith(await (await import('./commands/machines.ts')).machines(options)));

program
  .command('route')
  .argument('[installable]', 'what is to be built: its system and features are read from the derivation')
  .description('which builder Nix picks for a build, and why not the others')
  .hook('preAction', fromEnvironment)
  .option('--system <system>', "a build for this system (the client's own)")
  .option('--feature <feature>', 'a build that needs this feature (may be repeated)', collect, [])
  .option('--derivation <drv>', 'the build of this derivation')
  .option('-m, --machines-file <file>', machinesHelp)
  .option('--builders <text>', buildersHelp)
  .option('--current-load <dir>', 'where the slot files are (/nix/var/nix/current-load)')
  .option('--nix-version <version>', 'choose as this version of Nix does')
  .option('--jobs <n>', 'play this many builds in a row, and show where they go')
  .option(
    '--observe <n>',
    'start this many real, tiny builds, and show where they went beside what was computed',
  )
  .addOption(textOrJson())
  .action(async (installable, options) =>
    exitWith(await (await import('./commands/route.ts')).route(installable, options)),
  );

program
  .command('render')
  .argument('<report>', 'a report written with -f json=FILE')
  .description('write a saved report in another format')
  .option(
    '-f, --format <name[=file]>',
    'output format, to a file if one is given (may be repeated)',
    collect,
    [],
  )
  .option('--exit <style>', `with the exit code of the run, too: ${exitHelp}`)
  .addOption(verbose())
  .addOption(quiet())
  .action(async (file, options) =>
    exitWith(await (await import('./commands/render.ts')).render(file, options)),
  );

program
  .command('merge')
  .argument('<reports...>', 'the reports of all shards, each written with -f json=FILE')
  .description('one report of all the shards of a run; exits as one run would have')
  .option('-f, --format <name[=file]>', 'as for check (may be repeated)', collect, [])
  .option('--exit <style>', exitHelp)
  .option('--strict', strictHelp)
  .addOption(verbose())
  .addOption(quiet())
  .action(async (files, options) =>
    exitWith(await (await import('./commands/merge.ts')).merge(files, options)),
  );

program
  .command('diff')
  .argument('<old>', 'a report written with -f json=FILE')
  .argument('<new>', 'a later one')
  .description('what broke, what healed, what slowed down (exit 1 if something broke)')
  .addOption(textOrJson())
  .action(async (before, after, options) =>
    exitWith(await (await import('./commands/diff.ts')).diff(before, after, options)),
  );
