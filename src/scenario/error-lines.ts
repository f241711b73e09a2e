import { stripVTControlCharacters } from 'node:util';

/** Longer than any sentence of Nix or OpenSSH that carries a cause. Characters. */
const longestQuote = 240;

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
  /^Aborted( \(core dumped\))?$/,
  /^error: interrupted by the user$/,
  /^debug\d: /,
  /^OpenSSH_\S+,? /,
];

/** In front of what Nix says of a failure elsewhere. Only the last part says why. */
const wrappers =
  /^(?:error: )?(?:build of '[^']*'(?: on '[^']*')? failed|Cannot build '[^']*'|while [^:]*|\S*nix\S*|…[^:]*|what\(\)):? *(?=error: )/;

/** True without a reason: another sentence of the same output says it. */
const consequences: readonly RegExp[] = [
  /^Cannot build '[^']*'\.$/,
  /^builder for '[^']*' failed with exit code \d+;?$/,
  /^\d+ dependenc(y|ies) of derivation '[^']*' failed to build$/,
  /^build of ('[^']*',? ?)+ failed$/,
  /^Build failed due to failed dependency$/,
  /^Reason: builder failed with exit code \d+\.$/,
];

/**
 * The lines of an output that carry the error, as one line without Nix's progress, advice, colours, NUL bytes and
 * repeats; at most 240 characters. Empty where the output says nothing. For the outputs of Nix 2.8 to 2.34 and OpenSSH.
 */
export function errorLines(output: string): string {
  const sentences = distinct(sentencesOf(cleanLines(output)));
  const reasons = sentences.filter((sentence) => !consequences.some((pattern) => pattern.test(sentence)));
  const text = (reasons.length > 0 ? reasons : sentences).join('; ');
  return shorten(text.replace(/^Reason: (builder failed with exit code \d+\. (?=.))?/, ''));
}

/** Nix 2.8 writes errors of a forked process with a NUL or another control byte around them. */
function cleanLines(output: string): string[] {
  return stripVTControlCharacters(output)
    .replace(/\r\n?/g, '\n')
    .replace(/[\x00-\x08\x0b-\x1f\x7f]/g, '')
    .split('\n')
    .filter((line) => !progress.some((pattern) => pattern.test(line.trim())));
}

/** An indented line continues the sentence before it, unless it is an error of its own. */
function sentencesOf(lines: readonly string[]): string[] {
  const errors = lines.findIndex((line) => /(^|\s)error: /.test(line));
  const sentences: string[] = [];
  for (const line of errors < 0 ? lines : lines.slice(errors)) {
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

function distinct(sentences: readonly string[]): string[] {
  return [...new Set(sentences)];
}

function shorten(text: string): string {
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote - 1).trimEnd()}…`;
}
