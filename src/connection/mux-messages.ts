import type { Socket } from 'node:net';

/**
 * How messages look on ssh's control socket: a length and that many bytes, both for the words with ssh itself
 * (PROTOCOL.mux of OpenSSH) and for the connection protocol (RFC 4254) that it passes on.
 */

/** More than any packet: both sides send data in pieces of 32 KiB. */
const longestPacket = 256 * 1024;

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** RFC 4251 §5: the length in bytes, then the bytes. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** What a message holds, piece by piece. Throws RangeError where it is cut short. */
export class Fields {
  readonly #bytes: Buffer;
  #at = 0;
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }
  byte(): number {
    this.#at += 1;
    return this.#bytes.readUInt8(this.#at - 1);
  }
  uint32(): number {
    this.#at += 4;
    return this.#bytes.readUInt32BE(this.#at - 4);
  }
  string(): Buffer {
    const length = this.uint32();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('a string is cut short');
    return this.#bytes.subarray(start, this.#at);
  }
}

/** Calls `heard` for every whole message; hangs up on a peer that sends what is none. */
export function onPackets(socket: Socket, heard: (fields: Fields) => void): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
    try {
      while (waiting.length >= 4) {
        const length = waiting.readUInt32BE();
        if (length > longestPacket) throw new RangeError(`a packet of ${length} bytes`);
        if (waiting.length < 4 + length) return;
        const packet = waiting.subarray(4, 4 + length);
        waiting = waiting.subarray(4 + length);
        heard(new Fields(packet));
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      socket.destroy(error);
    }
  });
}
