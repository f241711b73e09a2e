import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The build hook of a real Nix, run by hand with folders of its own. */
export interface RealHook {
  /** As `nix --version` gives it. */
  version: string;
  /** Where that Nix is installed: `/`, or another root folder. */
  root: string;
  /** The hook's command, without its verbosity. */
  command: readonly string[];
}

/** What Nix asks its hook. */
interface HookRequest {
  settings: Record<string, string>;
  /** Whether a local slot is free. */
  amWilling: boolean;
  system: string;
  requiredFeatures: readonly string[];
  /** Slot files that another holds. */
  busy?: readonly string[];
  /** Slot files to make beforehand, so that the chosen one shows by its new time. */
  slots?: readonly string[];
  /** 0 to 7; from 6 on the hook names every builder that it looks at. */
  verbosity?: number;
}

interface HookAnswer {
  /** `accept`, `decline`, …; null where the hook died before it answered. */
  reply: string | null;
  /** The accepted builder. */
  uri: string | null;
  /** The slot file whose time is new. */
  slot: string | null;
  /** What it considered, with verbosity 6. */
  considered: string[];
  /** Its table of builders, which it prints where none fits: `(systems, maxJobs, features, mandatory features)`. */
  table: string[];
  /** Its error messages, without colours. */
  errors: string[];
}

/** Where the hook sees its own folder, in whatever root. */
const place = '/mnt';

/** Starts one hook, sends it one request and ends its input. `files` are made in the folder that it sees as /mnt. */
export async function askHook(
  hook: RealHook,
  request: HookRequest,
  files: Record<string, string> = {},
): Promise<HookAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'hook-'));
  try {
    for (const name of ['store', 'state', 'conf', 'log']) mkdirSync(join(folder, name));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const locks = join(folder, 'state', 'current-load');
    mkdirSync(locks);
    for (const name of request.slots ?? []) {
      writeFileSync(join(locks, name), '');
      utimesSync(join(locks, name), 1, 1);
    }
    const output = await run(hook, folder, request);
    const changed = (request.slots ?? []).filter((name) => isNew(join(locks, name)));
    return { ...readAnswer(output), slot: changed[0] ?? null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs in a mount namespace of its own: $0 is the host's folder, $1 the root, then the held slots, `--`, the hook. */
const script = `
set -e
folder=$0 root=$1; shift
mount --bind "$folder" "$root${place}"
[ "$root" = / ] || mount --rbind /proc "$root/proc"
while [ "$1" != -- ]; do
  # The lock belongs to the open file, which the hook inherits, and its own open files see it as another's.
  exec {fd}<>"$folder/state/current-load/$1"; flock -n "$fd"; shift
done
shift
exec chroot "$root" "$@"`;

function run({ root, command }: RealHook, folder: string, request: HookRequest): Promise<string> {
  const verbosity = String(request.verbosity ?? 3);
  return new Promise((resolve, reject) => {
    const child = spawn(
      'unshare',
      ['-m', 'bash', '-c', script, folder, root, ...(request.busy ?? []), '--', ...command, verbosity],
      {
        // 4 and 5 are the builder's output, which the hook expects open.
        stdio: ['pipe', 'ignore', 'pipe', 'ignore', 'ignore', 'ignore'],
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          HOME: place,
          NIX_STORE_DIR: `${place}/store`,
          NIX_STATE_DIR: `${place}/state`,
          NIX_CONF_DIR: `${place}/conf`,
          NIX_LOG_DIR: `${place}/log`,
        },
        timeout: 60_000,
      },
    );
    let output = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    child.on('error', reject);
    child.on('close', () => resolve(output));
    // A hook that dies at once does not read what it is sent.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(requestBytes(request));
  });
}

function requestBytes({ settings, amWilling, system, requiredFeatures }: HookRequest): Buffer {
  return Buffer.concat([
    ...Object.entries({ 'build-users-group': '', ...settings }).flatMap(([name, value]) => [
      int(1),
      string(name),
      string(value),
    ]),
    int(0),
    string('try'),
    int(amWilling ? 1 : 0),
    string(system),
    string(`${place}/store/00000000000000000000000000000000-foo.drv`),
    int(requiredFeatures.length),
    ...requiredFeatures.map(string),
  ]);
}

function int(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function string(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([int(bytes.length), bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

function readAnswer(output: string): Omit<HookAnswer, 'slot'> {
  const answer: Omit<HookAnswer, 'slot'> = { reply: null, uri: null, considered: [], table: [], errors: [] };
  for (const line of output.split('\n')) {
    const text = line.startsWith('@nix ') ? messageOf(line.slice(5)) : line.replace(colours, '');
    const [, reply] = /^# (accept|decline|decline-permanently|postpone)$/.exec(line) ?? [];
    const [, considered] = /^considering building on remote machine '(.*)'$/s.exec(text) ?? [];
    const [, error] = /^error:\s+(.*)$/s.exec(text) ?? [];
    const [, table] = /^Failed to find a machine.*\nrequired.*?\n\(systems.*?\n(.*)$/s.exec(text) ?? [];
    if (table !== undefined) answer.table = table.split('\n');
    if (reply !== undefined) answer.reply = reply;
    else if (considered !== undefined) answer.considered.push(considered);
    else if (error !== undefined && answer.reply === null) answer.errors.push(error);
    else if (answer.reply === 'accept' && !line.startsWith('@nix ') && line !== '') answer.uri ??= line;
  }
  return answer;
}

const colours = /\u001b\[[0-9;]*m/g;

function messageOf(json: string): string {
  const message = JSON.parse(json) as { action: string; msg?: string };
  return (message.msg ?? '').replace(colours, '');
}

function isNew(file: string): boolean {
  return statSync(file).mtimeMs > 1000;
}
