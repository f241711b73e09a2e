import { Incomplete, integers, WireReader } from './reader.ts';

/** Which of Nix's two remote protocols: `ssh-ng` speaks the daemon's worker protocol, `ssh` that of `nix-store --serve`. */
export type Protocol = 'worker' | 'serve';

/** What a server said of itself in its greeting. */
export interface Greeting {
  protocol: Protocol;
  /** e.g. `1.37`. */
  protocolVersion: string;
  /** Worker protocol 1.33 and later only; empty otherwise. */
  nixVersion: string;
  /** Worker protocol 1.35 and later only. `no`: builds and unsigned paths are refused. */
  trusted: 'yes' | 'no' | 'unknown';
  /** The error that the daemon sent in place of its last word, or empty. */
  error: string;
}

// WORKER_MAGIC_1/2 and STDERR_* of Nix's src/libstore/worker-protocol.hh, SERVE_MAGIC_1/2 of serve-protocol.hh.
const workerMagicClient = 0x6e697863;
const workerMagicServer = 0x6478696f;
const serveMagicClient = 0x390c9deb;
const serveMagicServer = 0x5452eecb;
const stderrLast = 0x616c7473;
const stderrNext = 0x6f6c6d67;
const stderrError = 0x63787470;

/**
 * What to send. As a worker client of 1.37 nothing depends on the answer, so all can be sent at once:
 * magic, version, and the two retired fields (CPU affinity, reserved space).
 */
export const greetingOf: Record<Protocol, Buffer> = {
  worker: integers(workerMagicClient, 0x125, 0, 0),
  serve: integers(serveMagicClient, 0x207),
};

const magicOf: Record<Protocol, Buffer> = {
  worker: integers(workerMagicServer),
  serve: integers(serveMagicServer),
};

/** Where the server's magic number starts, or -1. What stands before it is noise from a shell's start-up files. */
export function magicOffset(bytes: Buffer, protocol: Protocol): number {
  return bytes.indexOf(magicOf[protocol]);
}

/** The greeting, wherever it starts. Null while there is none, or it is incomplete. */
export function findGreeting(bytes: Buffer, protocol: Protocol): Greeting | null {
  const offset = magicOffset(bytes, protocol);
  return offset < 0 ? null : readGreeting(bytes, offset, protocol);
}

/** Decodes a greeting that starts at `offset`. Returns null while it is incomplete. */
export function readGreeting(bytes: Buffer, offset: number, protocol: Protocol): Greeting | null {
  const reader = new WireReader(bytes, offset);
  try {
    reader.integer();
    const version = reader.integer();
    const greeting: Greeting = {
      protocol,
      protocolVersion: `${version >> 8}.${version & 0xff}`,
      nixVersion: '',
      trusted: 'unknown',
      error: '',
    };
    return protocol === 'serve' ? greeting : readWorker(reader, Math.min(version & 0xff, 0x25), greeting);
  } catch (error) {
    if (error instanceof Incomplete) return null;
    throw error;
  }
}

function readWorker(reader: WireReader, minor: number, greeting: Greeting): Greeting {
  if (minor >= 33) greeting.nixVersion = reader.string();
  if (minor >= 35) {
    const trust = reader.integer();
    greeting.trusted = trust === 1 ? 'yes' : trust === 2 ? 'no' : 'unknown';
  }
  for (;;) {
    const message = reader.integer();
    if (message === stderrLast) return greeting;
    if (message === stderrNext) reader.string();
    else if (message === stderrError) {
      reader.string();
      reader.integer();
      reader.string();
      return { ...greeting, error: reader.string() };
    } else return { ...greeting, error: `unknown message 0x${message.toString(16)} in the greeting` };
  }
}
