import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type CommandChannel, type CommandConnection, runInChannel } from './channel-command.ts';
import { type Fields, onPackets, string, uint32 } from './mux-messages.ts';
import { type Command, type CommandResult, type RunOptions, TransportError } from '../transport/transport.ts';

/** Words with the ssh that owns the socket (PROTOCOL.mux). */
const mux = { hello: 0x1, proxy: 0x1000000f, proxying: 0x8000000f, version: 4 } as const;

/** Messages about channels (RFC 4254 §9). */
const message = {
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
const window = 2 * 1024 * 1024;
const packet = 32 * 1024;

/**
 * Uses the connection of a running `ssh` (ControlMaster) for commands of ours, through its socket at `path`: without
 * a login and without a process. ssh passes the messages of the connection protocol on ("proxy" clients, OpenSSH 7.4
 * and later). As long as this is open, that ssh lives. Rejects where ssh does not listen, is too old, or is silent.
 */
export async function connectMux(path: string, withinMs: number): Promise<MuxConnection> {
  const socket = connect(path);
  socket.setTimeout(withinMs, () => socket.destroy(new Error(`ssh did not answer within ${withinMs} ms`)));
  const packets = new EventEmitter<{ packet: [Fields] }>();
  let onFields = (fields: Fields): unknown => packets.emit('packet', fields);
  onPackets(socket, (fields) => onFields(fields));
  const gone = once(socket, 'close').then(() => Promise.reject(new Error('ssh hung up')));
  gone.catch(() => undefined);
  const answerTo = async (...words: number[]): Promise<Fields> => {
    const answered = once(packets, 'packet');
    socket.write(string(Buffer.concat(words.map(uint32))));
    const [fields] = (await Promise.race([answered, gone])) as [Fields];
    return fields;
  };
  try {
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    const hello = await answerTo(mux.hello, mux.version);
    if (hello.uint32() !== mux.hello || hello.uint32() !== mux.version)
      throw new Error('ssh speaks another protocol');
    if ((await answerTo(mux.proxy, 0)).uint32() !== mux.proxying) throw new Error('ssh passes nothing on');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setTimeout(0);
  const connection = new MuxConnection(socket);
  onFields = (fields) => connection.receive(fields);
  return connection;
}

/** The connection that a running `ssh` lends. Emits `close` when it is gone. */
export class MuxConnection extends EventEmitter<{ close: [] }> implements CommandConnection {
  readonly #socket: Socket;
  readonly #channels = new Map<number, MuxChannel>();
  #opened = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    // One for every command that runs.
    this.setMaxListeners(0);
    socket.on('close', () => {
      this.emit('close');
      for (const channel of this.#channels.values()) channel.refuse('the connection was lost');
      this.#channels.clear();
    });
  }

  /** Whether nothing can be run here any more. */
  get lost(): boolean {
    return this.#socket.destroyed;
  }

  /** Throws {@link TransportError} as `runInChannel` does. */
  run(command: Command, options: RunOptions): Promise<CommandResult> {
    if (this.lost) return Promise.reject(new TransportError('lost', 'the connection was lost'));
    return runInChannel(this, command, options);
  }

  exec(
    line: string,
    opened: (refused: Error | undefined, channel: CommandChannel | undefined) => void,
  ): void {
    const id = this.#opened;
    this.#opened += 1;
    // A packet without padding: ssh encrypts it together with its own.
    const send = (type: number, ...parts: Buffer[]): void => {
      if (!this.#socket.destroyed)
        this.#socket.write(string(Buffer.concat([Buffer.from([0, type]), ...parts])));
    };
    this.#channels.set(id, new MuxChannel(line, send, opened));
    send(message.open, string('session'), uint32(id), uint32(window), uint32(packet));
  }

  /** Takes a message from the server. */
  receive(fields: Fields): void {
    fields.byte();
    const type = fields.byte();
    const id = fields.uint32();
    if (this.#channels.get(id)?.receive(type, fields) === 'closed') this.#channels.delete(id);
  }

  end(): void {
    this.#socket.destroy();
  }
}

class MuxChannel extends EventEmitter implements CommandChannel {
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
