/** Writes the man page and the shell completions from the command definitions. `--check` only reports what is out of date. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { CommandUnknownOpts as Command, Option } from '@commander-js/extra-typings';
import { program } from '../src/program.ts';
import { readSuite } from '../src/setup/suite.ts';

const name = program.name();
const commands = program.commands;
const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...(command === (program as Command)
    ? []
    : [command.createHelp().visibleOptions(command).at(-1) as Option]),
];

const { scenarios } = await readSuite({ spec: [], defaultSpecs: true });
const tags = [...new Set(scenarios.flatMap((scenario) => scenario.tags))].sort();

/** The possible values of an option, by its long name. */
const values: Readonly<Record<string, readonly string[]>> = {
  '--stage': ['client', 'network', 'ssh', 'nix', 'build', 'fleet'],
  '--tag': tags,
  '--skip-tag': tags,
  '--exit': ['check', 'nagios'],
  '--scheme': ['ssh', 'ssh-ng'],
};
const takesFile = (option: Option): boolean => /file|path|dir/.test(option.flags);
const takesValue = (option: Option): boolean => option.required || option.optional;

/** Escapes what is special in roff: a backslash, a hyphen, and a dot or quote at the start of a line. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
}

function manPage(): string {
  const section = (command: Command): string[] => [
    `.SS "${roff(`${command.name()} ${command.usage()}`)}"`,
    roff(sentence(command.description())),
    ...optionsOf(command).flatMap((option) => [
      '.TP',
      `.B ${roff(option.flags)}`,
      roff(sentence(option.description)),
    ]),
  ];
  return [
    `.TH ${name.toUpperCase()} 1 "" "${name}" "User Commands"`,
    '.SH NAME',
    `${roff(name)} \\- find out why Nix does not build on remote builders`,
    '.SH SYNOPSIS',
    `.B ${roff(name)}`,
    '[\\fIcommand\\fR] [\\fIoption\\fR ...]',
    '.SH DESCRIPTION',
    roff(`${program.description()} Run it as root on the machine that sends builds to others.`),
    '.SH COMMANDS',
    ...commands.flatMap(section),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(([code, meaning]) => ['.TP', `.B ${code}`, roff(meaning)]),
    '.SH ENVIRONMENT',
    ...environment.flatMap(([variable, meaning]) => ['.TP', `.B ${roff(variable)}`, roff(meaning)]),
    '.SH FILES',
    ...['.TP', '.I /etc/nix/machines', "The builders, if Nix's builders setting names this file."],
    '.SH SEE ALSO',
    '.BR nix.conf (5),',
    '.BR ssh_config (5)',
    '',
  ].join('\n');
}

const environment = [
  ['MACHINES_FILE', 'The value of --machines-file if neither --machines-file nor --builders is given.'],
  [
    'INCLUDE, EXCLUDE',
    'The values of --include and --exclude if these are not given. Separate several names with commas or spaces.',
  ],
  ['NO_COLOR', 'Print no colors.'],
] as const;

const exitCodes = [
  ['0', 'Every builder is healthy. Warnings are allowed.'],
  ['1', 'At least one check failed.'],
  ['2', 'Wrong usage, a file that cannot be read, or nothing to check.'],
  ['3', 'Nothing failed, but something could not be measured.'],
  ['130, 143', 'Interrupted. The results so far are written.'],
] as const;

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.)]$/.test(first) ? first : `${first}.`;
}

/** For bash: the words that fit the command and the previous option. */
function bash(): string {
  const cases = commands.map((command) => {
    const words = optionsOf(command).flatMap(({ short, long }) =>
      [short, long].filter((flag) => flag !== undefined),
    );
    return `    ${command.name()}) words='${words.join(' ')}' ;;`;
  });
  const known = Object.entries(values).map(
    ([flag, list]) => `    ${flag}) COMPREPLY=($(compgen -W '${list.join(' ')}' -- "$word")); return ;;`,
  );
  const files = flagsWhere(takesFile).join(' | ');
  return `# bash completion of ${name}
_nix_remote_builder_doctor() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=check words= one
  COMPREPLY=()
  case $before in
${known.join('\n')}
    ${files}) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  for one in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $one in
      ${commands.map((command) => command.name()).join(' | ')}) command=$one; break ;;
    esac
  done
  case $command in
${cases.join('\n')}
  esac
  if [[ $COMP_CWORD -eq 1 ]]; then words="$words ${commands.map((command) => command.name()).join(' ')}"; fi
  if [[ $COMP_CWORD -eq 1 || $word == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$word"))
  else COMPREPLY=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _nix_remote_builder_doctor ${name}
`;
}

function flagsWhere(test: (option: Option) => boolean): string[] {
  const flags = commands.flatMap((command) =>
    optionsOf(command)
      .filter((option) => takesValue(option) && test(option))
      .flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined)),
  );
  return [...new Set(flags)].filter((flag) => !(flag in values));
}

function zsh(): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, '\\$&');
  const spec = (option: Option): string => {
    const flags = [option.short, option.long].filter((flag) => flag !== undefined);
    const known = values[option.long ?? ''];
    const value = !takesValue(option)
      ? ''
      : known !== undefined
        ? `:value:(${known.join(' ')})`
        : takesFile(option)
          ? ':file:_files'
          : ':value:';
    const head = flags.length === 1 ? `'${flags[0] ?? ''}` : `{${flags.join(',')}}'`;
    return `${head}[${quote(option.description)}]${value}'`;
  };
  const own = commands.map(
    (command) =>
      `    ${command.name()}) _arguments ${optionsOf(command).map(spec).join(' ')} '*:argument:_files' ;;`,
  );
  return `#compdef ${name}
_nix_remote_builder_doctor() {
  local -a commands=(
${commands.map((command) => `    '${command.name()}:${quote(command.description())}'`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then _describe command commands; return; fi
  local command=$words[2]
  case $command in
    -*|'') command=check ;;
    *) shift words; (( CURRENT-- )) ;;
  esac
  case $command in
${own.join('\n')}
  esac
}
_nix_remote_builder_doctor "$@"
`;
}

function fish(): string {
  const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const names = commands.map((command) => command.name());
  const lines = commands.flatMap((command) => [
    `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name()} -d ${quote(command.description())}`,
    ...optionsOf(command).map((option) => {
      const seen = `"__fish_seen_subcommand_from ${command.name()}"`;
      const when =
        command.name() === 'check'
          ? `"not __fish_seen_subcommand_from ${names.filter((one) => one !== 'check').join(' ')}"`
          : seen;
      const flags = [
        option.short === undefined ? '' : `-s ${option.short.slice(1)}`,
        option.long === undefined ? '' : `-l ${option.long.slice(2)}`,
      ];
      const known = values[option.long ?? ''];
      const value = !takesValue(option)
        ? ''
        : known !== undefined
          ? `-x -a ${quote(known.join(' '))}`
          : takesFile(option)
            ? '-r -F'
            : '-x';
      return ['complete -c', name, '-n', when, ...flags, value, '-d', quote(option.description)]
        .filter((part) => part !== '')
        .join(' ');
    }),
  ]);
  return `# fish completion of ${name}\n${lines.join('\n')}\n`;
}

const outputs: Readonly<Record<string, string>> = {
  [`contrib/man/${name}.1`]: manPage(),
  [`contrib/completions/${name}.bash`]: bash(),
  [`contrib/completions/_${name}`]: zsh(),
  [`contrib/completions/${name}.fish`]: fish(),
};

for (const [path, text] of Object.entries(outputs)) {
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write(`${path} is out of date; run npm run docs\n`);
    process.exitCode = 1;
  }
}
