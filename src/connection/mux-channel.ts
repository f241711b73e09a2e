import { EventEmitter } from 'node:events';
import type { CommandChannel } from './channel-command.ts';
import { type Fields, string, uint32 } from './mux-messages.ts';

/** Messages about channels (RFC 4254 §9). */
export const message = {
  open: 90,
  confirmation: 91,
  openFailure: 92,
  windowAdjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const;

/** Bytes that a server may send before more are granted, and in one packet. */
export const window = 2 * 1024 * 1024;

export const packet = 32 * 1024;

/** One session of a connection: one command. */
export class MuxChannel extends EventEmitter implements CommandChannel {
  readonly stderr = new EventEmitter();
  readonly #line: string;
  readonly #sendTo: (type: number, ...parts: Buffer[]) => void;
  #opened: ((refused: Error | undefined, channel: CommandChannel | undefined) => void) | undefined;
  /** The server's number of this channel. */
  #remote = 0;
  #closing = false;
  /** What the server takes: bytes in all, and in one packet. */
  #window = 0;
  #packet = packet;
  #unacknowledged = 0;
  #input = Buffer.alloc(0);
  #ended = false;

  constructor(
    line: string,
    send: (type: number, ...parts: Buffer[]) => void,
    opened: (refused: Error | undefined, channel: CommandChannel | undefined) => void,
  ) {
    super();
    this.#line = line;
    this.#sendTo = send;
    this.#opened = opened;
  }

  write(input: string | Uint8Array): void {
    this.#input = Buffer.concat([this.#input, Buffer.from(input)]);
    this.#sendInput();
  }

  end(input: string | Uint8Array = ''): void {
    this.#ended = true;
    this.write(input);
  }

  signal(name: string): void {
    this.#send(message.request, string('signal'), Buffer.from([0]), string(name));
  }

  close(): void {
    this.#send(message.close);
    this.#closing = true;
  }

  /** The command does not start. */
  refuse(why: string): void {
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.(new Error(why), undefined);
  }

  /** Throws RangeError for a message that is cut short. */
  receive(type: number, fields: Fields): 'closed' | undefined {
    switch (type) {
      case message.confirmation:
        this.#remote = fields.uint32();
        this.#window = fields.uint32();
        this.#packet = Math.min(packet, fields.uint32());
        this.#send(message.request, string('exec'), Buffer.from([1]), string(this.#line));
        return undefined;
      case message.openFailure: {
        const reason = fields.uint32();
        this.refuse(`the server opened no session: ${fields.string().toString()} (${reason})`);
        return 'closed';
      }
      case message.success: {
        const opened = this.#opened;
        this.#opened = undefined;
        opened?.(undefined, this);
        return undefined;
      }
      case message.failure:
        this.refuse('the server started no command');
        this.close();
        return undefined;
      case message.windowAdjust:
        this.#window += fields.uint32();
        this.#sendInput();
        return undefined;
      case message.data:
        this.#take(this, fields.string());
        return undefined;
      case message.extendedData:
        // 1 is stderr, and there is no other (RFC 4254 §5.2).
        fields.uint32();
        this.#take(this.stderr, fields.string());
        return undefined;
      case message.request:
        this.#asked(fields);
        return undefined;
      case message.close:
        this.close();
        this.refuse('the server closed the session');
        this.emit('close');
        return 'closed';
      default:
        return undefined;
    }
  }

  #asked(fields: Fields): void {
    const what = fields.string().toString();
    const wantsReply = fields.byte() !== 0;
    if (what === 'exit-status') this.emit('exit', fields.uint32());
    else if (what === 'exit-signal') this.emit('exit', null, `SIG${fields.string().toString()}`);
    // Such as keepalive@openssh.com (ClientAliveInterval), which ends the connection when nobody answers.
    else if (wantsReply) this.#send(message.failure);
  }

  /** Whoever listens takes everything, so the server gets its window back. */
  #take(to: EventEmitter, bytes: Buffer): void {
    to.emit('data', Buffer.from(bytes));
    this.#unacknowledged += bytes.length;
    if (this.#unacknowledged < window / 2) return;
    this.#send(message.windowAdjust, uint32(this.#unacknowledged));
    this.#unacknowledged = 0;
  }

  #sendInput(): void {
    while (this.#input.length > 0) {
      const length = Math.min(this.#input.length, this.#window, this.#packet);
      if (length === 0) return;
      this.#send(message.data, string(this.#input.subarray(0, length)));
      this.#input = this.#input.subarray(length);
      this.#window -= length;
    }
    if (!this.#ended) return;
    this.#ended = false;
    this.#send(message.eof);
  }

  #send(type: number, ...parts: Buffer[]): void {
    if (!this.#closing) this.#sendTo(type, uint32(this.#remote), ...parts);
  }
}
