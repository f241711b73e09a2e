import type { UnitOption } from './daemon-unit.ts';

/** What of the daemon's unit is to blame, and the directives that take it back; both empty where nothing is. */
export interface Blame {
  /** `NAME=VALUE (FILE:LINE)`, several joined by ` and `. */
  says: string;
  /** `NAME=VALUE` with blanks between them. */
  undo: string;
}

/** Whether a directive has an effect of that kind, of the given file or of any. */
type Concerns = (value: string, file: string) => boolean;

interface Directive {
  /** What it is set to in order to take it back. */
  neutral: string;
  concerns: Concerns;
}

const homes = ['/root', '/home', '/run/user'];
const system = ['/usr', '/boot', '/efi', '/etc'];

const isBelow = (file: string, folder: string): boolean =>
  folder === '/' || file === folder || file.startsWith(`${folder.replace(/\/$/, '')}/`);
const isOff = (value: string): boolean => /^(no|false|off|0|n|f)$/i.test(value);
const isOn: Concerns = (value) => !isOff(value);
const within: Concerns = (value, file) =>
  value.split(/\s+/).some((word) => isBelow(file, word.replace(/^[-+]+/, '').replace(/:.*$/, '')));
const always: Concerns = () => true;
/** `SOURCE:DESTINATION`; one word is both. */
const mountedOn: Concerns = (value, file) =>
  value.split(/\s+/).some((word) => isBelow(file, word.replace(/^-/, '').split(':')[1] ?? word));

const hides: Record<string, Directive> = {
  ProtectHome: {
    neutral: 'no',
    concerns: (value, file) =>
      isOn(value, '') && value !== 'read-only' && homes.some((home) => isBelow(file, home)),
  },
  InaccessiblePaths: { neutral: '', concerns: within },
  TemporaryFileSystem: { neutral: '', concerns: within },
  PrivateTmp: {
    neutral: 'no',
    concerns: (value, file) =>
      isOn(value, '') && ['/tmp', '/var/tmp'].some((folder) => isBelow(file, folder)),
  },
  RootDirectory: { neutral: '', concerns: always },
  RootImage: { neutral: '', concerns: always },
  BindPaths: { neutral: '', concerns: mountedOn },
  BindReadOnlyPaths: { neutral: '', concerns: mountedOn },
};

const stopsPrograms: Record<string, Directive> = { NoExecPaths: { neutral: '', concerns: within }, ...hides };

const readOnly: Record<string, Directive> = {
  ProtectSystem: {
    neutral: 'no',
    concerns: (value, file) =>
      isOn(value, '') && (value === 'strict' || system.some((folder) => isBelow(file, folder))),
  },
  ReadOnlyPaths: { neutral: '', concerns: within },
};

const network: Record<string, Directive> = {
  PrivateNetwork: { neutral: 'no', concerns: isOn },
  NetworkNamespacePath: { neutral: '', concerns: always },
};

/** Its lines are one list. */
const familyList = 'RestrictAddressFamilies';

/** systemd's default for services. */
const usualFiles = 1024;

/** What keeps a daemon that serves from the network. */
const reach: Record<string, Directive> = {
  RestrictAddressFamilies: { neutral: '', concerns: (value) => !allowsInternet(value) },
  IPAddressDeny: { neutral: '', concerns: always },
  RestrictNetworkInterfaces: { neutral: '', concerns: always },
  SystemCallFilter: { neutral: '', concerns: always },
};

const few: Concerns = (value) => Number(value.split(':')[0]) < usualFiles;

/** How much the daemon, and what it starts, may have of something. */
const limits: Record<string, Directive> = {
  LimitNOFILE: { neutral: '1048576', concerns: few },
  LimitNPROC: { neutral: 'infinity', concerns: few },
  TasksMax: { neutral: 'infinity', concerns: few },
  ...Object.fromEntries(
    ['LimitAS', 'LimitDATA', 'LimitFSIZE', 'LimitSTACK', 'LimitCPU', 'MemoryMax', 'MemorySwapMax'].map(
      (name) => [name, { neutral: 'infinity', concerns: (value: string) => !value.startsWith('infinity') }],
    ),
  ),
};

/** What keeps the daemon from serving at all. */
const serves: Record<string, Directive> = {
  User: { neutral: '', concerns: (value) => !['root', '0'].includes(value) },
  DynamicUser: { neutral: 'no', concerns: isOn },
  PrivateUsers: { neutral: 'no', concerns: isOn },
  SystemCallFilter: { neutral: '', concerns: always },
  ...limits,
  EnvironmentFile: { neutral: '', concerns: (value) => !value.startsWith('-') },
  RootDirectory: { neutral: '', concerns: always },
};

function allowsInternet(value: string): boolean {
  const families = value.replaceAll('~', '').split(/\s+/);
  const both = ['AF_INET', 'AF_INET6'].filter((family) => families.includes(family));
  return value.startsWith('~') ? both.length === 0 : both.length === 2;
}

const kinds = { hides, stopsPrograms, readOnly, network, reach, limits, serves };

/** What in the unit has an effect of that kind, on one of the files where it is about files. */
export function blame(
  options: readonly UnitOption[],
  kind: keyof typeof kinds,
  files: readonly string[] = [''],
): Blame {
  const known: Partial<Record<string, Directive>> = kinds[kind];
  const families = options.filter(({ name }) => name === familyList).map(({ value }) => value);
  const whole = (name: string, value: string): string => (name === familyList ? families.join(' ') : value);
  const guilty = options.filter(({ name, value }) =>
    files.some((file) => known[name]?.concerns(whole(name, value), file) === true),
  );
  const names = [...new Set(guilty.map(({ name }) => name))];
  return {
    says: guilty.map(({ name, value, where }) => `${name}=${value} (${where})`).join(' and '),
    undo: names.map((name) => `${name}=${known[name]?.neutral ?? ''}`).join(' '),
  };
}

/** Both kinds, as one. */
export function blameBoth(one: Blame, other: Blame): Blame {
  const joined = (key: keyof Blame, between: string): string =>
    [one[key], other[key]].filter((text) => text !== '').join(between);
  return { says: joined('says', ' and '), undo: joined('undo', ' ') };
}
