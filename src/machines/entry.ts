import type { Builder } from './builder.ts';
import type { Diagnostics } from './diagnostics.ts';
import { isNixBase64, parseFloat32, parseUint32 } from './numbers.ts';
import { UriError } from './percent.ts';
import type { Features } from './release.ts';
import { type Span, tokenize, trim } from './text.ts';
import { readStoreUri, type StoreUri } from './uri.ts';

/** Names of the columns, for messages. */
export const columns = [
  'URI',
  'systems',
  'ssh key',
  'max jobs',
  'speed factor',
  'features',
  'mandatory features',
  'host key',
] as const;

const consequence = 'which ends every build on this machine, local ones too';

/** Reads one entry as this version of Nix does (machines.cc, `parseBuilderLine`); null where Nix refuses it. */
export function readEntry(
  line: Span,
  system: string,
  features: Features,
  diagnostics: Diagnostics,
): Builder | null {
  const fields = tokenize(line, ' \t\n\r');
  const field = (index: number): Span | null => {
    const found = fields[index];
    return found === undefined || found.text === '-' ? null : found;
  };
  const row = trim(line).text;
  const place = fields[0] ?? trim(line);
  const first = field(0);
  if (first === null) {
    const what =
      row === ''
        ? 'blanks stand here, alone or before a comment or after a ";", and this version of Nix takes them for an entry'
        : 'the entry has no URI in its first column';
    diagnostics.error(
      fields[0] ?? line,
      'no-uri',
      `${what}: "bad machine specification: store URL was not found at the first column of a row: '${line.text}'", ${consequence}; ${row === '' ? 'remove the blanks' : 'write the URI first'}`,
    );
    return null;
  }
  const before = diagnostics.errors;
  const uri = readUri(first, features, diagnostics);
  const maxJobs = readNumber(field(3), 3, unsignedInt, line.text, diagnostics);
  const speed = readNumber(field(4), 4, features.floatSpeed ? float : unsignedInt, line.text, diagnostics);
  const speedField = field(4);
  if (features.floatSpeed && speed !== null && speed < 0 && speedField !== null) {
    diagnostics.error(
      speedField,
      'negative-speed',
      `the speed factor is negative: "speed factor must be >= 0", ${consequence}; write 1 or more`,
    );
  }
  const key = field(7);
  if (key !== null && !isNixBase64(key.text)) {
    const raw = /^(ssh|ecdsa|sk)-/.test(key.text) ? 'the host key stands here as it is, and' : 'the host key';
    const quoted = features.base64Trace
      ? 'invalid character in Base64 string'
      : `bad machine specification: a column #7 in a row: '${line.text}' is not valid base64 string: error: invalid character in Base64 string`;
    diagnostics.error(
      key,
      'bad-base64',
      `${raw} is not base64: "${quoted}", ${consequence}; write what \`base64 -w0 /etc/ssh/ssh_host_ed25519_key.pub\` prints on the builder`,
    );
  }
  if (uri === null || maxJobs === null || speed === null || diagnostics.errors > before) return null;
  const list = (index: number, sorted: boolean): string[] => {
    const found = field(index);
    const items = found === null ? [] : tokenize(found, ',').map(({ text }) => text);
    return sorted ? [...new Set(items)].sort() : items;
  };
  return {
    ...uri,
    systems: field(1) === null ? [system] : list(1, features.floatSpeed),
    sshKey: field(2)?.text ?? uri.params['ssh-key'] ?? '',
    maxJobs,
    speedFactor: speed < 1 && !features.floatSpeed ? 1 : speed === 0 ? 1 : speed,
    supportedFeatures: list(5, true),
    mandatoryFeatures: list(6, true),
    publicHostKey: key?.text ?? uri.params['base64-ssh-public-host-key'] ?? '',
    entry: row,
    source: {
      ...(line.file === undefined ? {} : { file: line.file }),
      line: place.line,
      column: place.column,
    },
    fields: fields.map(({ text, line: at, column }) => ({ text, line: at, column })),
  };
}

function readUri(field: Span, features: Features, diagnostics: Diagnostics): StoreUri | null {
  try {
    return readStoreUri(field.text, features);
  } catch (error) {
    if (!(error instanceof UriError)) throw error;
    diagnostics.error(
      field,
      'bad-uri',
      `Nix cannot read this URI: "${error.message}", ${consequence}; write it as ssh-ng://USER@HOST`,
    );
    return null;
  }
}

/** A type of Nix's, by its C++ name, which stands in Nix's message. */
interface NumberType {
  name: string;
  parse: (text: string) => number | null;
}

const unsignedInt: NumberType = { name: 'unsigned int', parse: parseUint32 };
const float: NumberType = { name: 'float', parse: parseFloat32 };

function readNumber(
  field: Span | null,
  column: number,
  type: NumberType,
  row: string,
  diagnostics: Diagnostics,
): number | null {
  if (field === null) return 1;
  const value = type.parse(field.text);
  if (value === null) {
    const decimal = column === 4 && type === unsignedInt && parseFloat32(field.text) !== null;
    const correct = decimal
      ? 'write a whole number: only Nix 2.20 and later know decimals'
      : 'write a number, or "-" for the default';
    diagnostics.error(
      field,
      'bad-number',
      `"${field.text}" is no number for the ${columns[column] ?? ''} column: "bad machine specification: failed to convert column #${column} in a row: '${row}' to '${type.name}'", ${consequence}; ${correct}`,
    );
  }
  return value;
}
