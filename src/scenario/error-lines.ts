import { stripVTControlCharacters } from 'node:util';

/** Longer than any sentence of Nix or OpenSSH that carries a cause. Characters. */
const longestQuote = 240;
const mostSentences = 3;

/** What Nix and ssh write on the way, whatever comes of it. Each pattern takes a whole line. */
const progress: readonly RegExp[] = [
  /^warning: you did not specify '--add-root'/,
  /^(this|these) .*(derivations?|paths?) will be (built|fetched|copied)/,
  /^don't know how to build these paths/,
  /^\/nix\/store\/[a-z0-9]{32}-\S*$/,
  /^(building|copying|querying|downloading|unpacking|fetching) (\d+ paths|path |')/,
  /^copying (path '[^']*'|\d+ paths)/,
  /^\(?use '--show-trace' /,
  /^Try '\S+ --help' for more information/,
  /^Output paths:$/,
  /^For full logs, run/,
  /^nix log \/nix\/store\//,
  /^last \d+ log lines:$/i,
  // A trace of the evaluation, and of an exception that nobody caught.
  /^error:$/,
  /^(…|at \S+:\d+:\d+:|\d*\|)/,
  /^terminate called after throwing/,
  /^trace: /,
  /^(Aborted( \(core dumped\))?|Killed by signal \d+\.)$/,
  /^error: interrupted by the user$/,
  /^debug\d: /,
  /^OpenSSH_\S+,? /,
  /^Warning: Permanently added /,
  /^(Learned new hostkey|Adding new key for|Deprecating obsolete hostkey)\b/,
  /^(\*\* (WARNING: connection is not using a post-quantum|This session may be vulnerable|The server may need to be upgraded)|debug: )/,
  /^(Authenticated to \S+|Transferred: sent|Bytes per second:) /,
  /^(Shared connection|Connection) to \S+ closed\.$/,
  // Locales that are not there.
  /\bwarning: setlocale: /,
  /^(perl: warning: |are supported and installed on your system\.$|(LANGUAGE|LANG|LC_[A-Z]+) = )/,
  /^\S+: can't set the locale/,
];

/**
 * An error that a forked process of Nix 2.8 hands on: three texts (kind, name, message) between zero bytes, each after
 * its length. The message is the third.
 */
const serialised = /\x05\0{7}Error\0[^]{1,30}?Error\0[^]{1,12}?\0{5,}([^\0\n]{3,})\0+/g;

/** In front of what Nix says of a failure elsewhere. Only the last part says why. */
const wrappers =
  /^(?:error: )?(?:build of '[^']*'(?: on '[^']*')? failed|Cannot build '[^']*'|while [^:]*|\S*nix\S*|…[^:]*|what\(\)):? *(?=error: )/;

/** By its form an error: of Nix, of ssh, or of a shell that starts a program. Each finds something in a line. */
const errors: readonly RegExp[] = [
  /^\s*(\S+: +)?error: /,
  /^(ssh|kex_exchange_identification|sign_and_send_pubkey|key_load_public|ssh_dispatch_run_fatal|mux_client_request_session|channel \d+|ControlPath|unix_listener)\b.*[:(]/,
  /^\S+: Permission denied \(/,
  /^(Host key verification failed|Received disconnect from|Unable to negotiate|Load key |Certificate invalid|Bad (owner|configuration)|Host key for \S+ has changed|Too many authentication failures|Session open refused|Failed to find a machine|cannot build on )/,
  /^\S+(: line \d+|: \d+)?:( exec:)? .*(not found|No such file or directory|Permission denied|Bad configuration option.*|I\/O error)$/,
];

/** True without a reason: another sentence of the same output says it. */
const consequences: readonly RegExp[] = [
  /^warning: /,
  /^(Connection (closed|reset) by|Disconnected from) /,
  /^Permission denied, please try again\.$/,
  /^kex_exchange_identification: Connection closed by remote host$/,
  /^banner exchange: Connection to \S+ port \d+: Broken pipe$/,
  /^stdio forwarding failed$/,
  /^builder for '[^']*' failed with exit code \d+;?$/,
  /^\d+ dependenc(y|ies) of derivation '[^']*' failed to build$/,
  /^build of ('[^']*',? ?)+ failed$/,
  /^build of '[^']*' on '[^']*' failed: (builder for '[^']*' failed with exit code \d+|Cannot build '[^']*'\.)/,
  /^Build failed due to failed dependency$/,
  /^Reason: (builder failed with exit code \d+|\d+ dependenc(y|ies) failed)\.$/,
];

/** Before the reason, which Nix 2.34 gives in the next lines. */
const headline = /^Cannot build '[^']*'\.$/;

/**
 * The lines of an output that carry the error, as one line without progress, advice, banners, warnings about locales,
 * colours, NUL bytes and repeats; at most three sentences and 240 characters. Empty where the output says nothing. For
 * the outputs of Nix 2.8 to 2.34 and OpenSSH.
 */
export function errorLines(output: string): string {
  const sentences = sentencesOf(tellingLines(cleanLines(output))).filter(
    (sentence) => !headline.test(sentence),
  );
  const reasons = sentences.filter((sentence) => !finds(consequences, sentence));
  const quoted = distinct((reasons.length > 0 ? reasons : sentences).map(reasonOf)).slice(0, mostSentences);
  return shorten(quoted.join('; '), longestQuote);
}

/** Without colours and control bytes; what only tells of progress is left out. */
function cleanLines(output: string): string[] {
  return stripVTControlCharacters(output.replace(serialised, (_, error: string) => `error: ${error}\n`))
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
    .split('\n')
    .filter((line) => !finds(progress, line.trim()));
}

/** Where a line has the form of an error: such lines, and what continues them; a banner has none. Else all. */
function tellingLines(lines: readonly string[]): readonly string[] {
  const isError = lines.map((line) => finds(errors, line) && !finds(consequences, line));
  if (!isError.includes(true)) return lines;
  let follows = false;
  return lines.filter((line, index) => (follows = isError[index] === true || (follows && /^\s/.test(line))));
}

function finds(patterns: readonly RegExp[], text: string): boolean {
  return patterns.some((pattern) => pattern.test(text));
}

/** An indented line continues the sentence before it, unless it is an error of its own. */
function sentencesOf(lines: readonly string[]): string[] {
  const sentences: string[] = [];
  for (const line of lines) {
    const text = unwrap(line.trim()).replace(/^> ?/, '');
    if (text === '') continue;
    const isContinued = /^\s/.test(line) && !/^\s+(error|Reason|what\(\)): /.test(line);
    if (!isContinued || sentences.length === 0) sentences.push(text);
    else sentences.push(`${sentences.pop() ?? ''} ${text}`);
  }
  return sentences;
}

function unwrap(line: string): string {
  let text = line;
  while (wrappers.test(text)) text = text.replace(wrappers, '');
  return text.replace(/^error: /, '');
}

/** Without what only introduces it; SQLite says the same thing twice. */
function reasonOf(sentence: string): string {
  return sentence
    .replace(/^Reason: /, '')
    .replace(/^builder (for '[^']*' )?failed with exit code \d+[.;] (?=.)/, '')
    .replace(/: ([^,:]{5,}), \1(?= |$)/, ': $1');
}

/** Each once: newer versions of Nix show the log of a build, and then quote it in the error. */
function distinct(sentences: readonly string[]): string[] {
  return sentences.filter(
    (sentence, index) => !sentences.slice(0, index).some((earlier) => sentence.includes(earlier)),
  );
}

/** The start of a text of more than so many characters, with `…` at its end. */
export function shorten(text: string, longest: number): string {
  return text.length <= longest
    ? text
    : `${text
        .slice(0, longest - 1)
        .toWellFormed()
        .trimEnd()}…`;
}
