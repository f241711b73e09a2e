/** What one `ssh -v` says of its login. Source: the words of OpenSSH 9.2 to 10.x (sshconnect.c, sshconnect2.c, clientloop.c). */
export interface LoginEvidence {
  /** How far it got: the last of these that it began. */
  phase: 'start' | 'proxy' | 'connect' | 'greeting' | 'key-exchange' | 'authentication' | 'session';
  /** The ways to log in that the server named last; empty before it named any. */
  allowed: string[];
  /** Keys that it offered, in its order, as `FILE TYPE`. */
  offered: string[];
  /** Those of them that the server accepts. */
  accepted: string[];
  /** Keys that it left out because of PubkeyAcceptedAlgorithms. */
  skipped: string[];
  /** Besides keys it tried a password, or answers to what the server asks. With nobody to ask it sends empty ones. */
  passwordsTried: boolean;
  /** A way to log in succeeded, and the server asks for another one as well. */
  partialSuccess: boolean;
  /** The server opens no session. */
  sessionRefused: boolean;
  /** The ends of lines `Certificate invalid: …`, of the host's certificate. */
  hostCertificate: string;
  /** What the other end wrote where an SSH server writes its greeting. */
  preface: string[];
  /** Addresses to which it could not connect. */
  deadAddresses: string[];
  /** The configuration files that it read. */
  configFiles: string[];
  /** What it says without `-v` too, or would if its LogLevel were higher. */
  words: string;
}

const phases: readonly [LoginEvidence['phase'], RegExp][] = [
  ['session', /^Authenticated to /],
  ['authentication', /^debug1: SSH2_MSG_NEWKEYS received/],
  ['key-exchange', /^debug1: Remote protocol version /],
  ['greeting', /^debug1: Connection established/],
  ['connect', /^debug1: Connecting to /],
  ['proxy', /^debug1: Executing proxy command: /],
];
const debugLine = /^debug\d: /;
/** Lines that `-v` adds without the mark of a debug line. */
const addedLine =
  /^(OpenSSH_.*, \S+SSL|Authenticated (to|using) |Transferred: sent |Bytes per second: sent |(Learned new|Deprecating obsolete) hostkey: |Adding new key for )/;

/** Reads the log that `ssh -v` wrote. */
export function readSshLog(text: string): LoginEvidence {
  const lines = text.split(/\r?\n/);
  const ends = (start: RegExp): string[] =>
    lines.flatMap((line) => {
      const [found] = start.exec(line) ?? [];
      return found === undefined ? [] : [line.slice(found.length).trim()];
    });
  return {
    phase: phases.find(([, mark]) => lines.some((line) => mark.test(line)))?.[0] ?? 'start',
    allowed:
      ends(/^debug1: Authentications that can continue: /)
        .at(-1)
        ?.split(',') ?? [],
    offered: ends(/^debug1: Offering public key: /).map(keyOf),
    accepted: ends(/^debug1: Server accepts key: /).map(keyOf),
    skipped: ends(/^debug1: Skipping \S+ key /).flatMap((end) => {
      const [file, why = ''] = end.split(' - corresponding algo');
      return why.includes('PubkeyAcceptedAlgorithms') && file !== undefined ? [file] : [];
    }),
    passwordsTried: lines.some((line) =>
      /^debug1: Next authentication method: (password|keyboard-interactive)$/.test(line),
    ),
    partialSuccess: lines.some((line) => /^Authenticated using "[^"]*" with partial success\.$/.test(line)),
    sessionRefused: lines.some((line) => /^channel \d+: open failed: /.test(line)),
    hostCertificate: ends(/^Certificate invalid: /)[0] ?? '',
    preface: ends(/^debug1: kex_exchange_identification: banner line \d+: /),
    deadAddresses: ends(/^debug1: connect to address /).map((end) => end.split(' ')[0] ?? ''),
    configFiles: [...new Set(ends(/^debug1: Reading configuration data /))],
    words: plainWords(text),
  };
}

/** What remains without what `-v` adds. */
export function plainWords(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => !debugLine.test(line) && !addedLine.test(line))
    .join('\n');
}

/** `FILE TYPE FINGERPRINT …`; the file may hold blanks. */
function keyOf(text: string): string {
  return text.replace(/ SHA256:\S+.*$/, '');
}
