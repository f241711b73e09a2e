import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { type Command, type CommandResult, type RunOptions, TransportError } from '../transport/transport.ts';
import { type CommandChannel, type CommandConnection, runInChannel } from './channel-command.ts';
import { message, MuxChannel, packet, window } from './mux-channel.ts';
import { type Fields, string, uint32 } from './mux-messages.ts';

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
