import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { MuxConnection } from './mux-connection.ts';
import { type Fields, onPackets, string, uint32 } from './mux-messages.ts';

/** Words with the ssh that owns the socket (PROTOCOL.mux). */
const mux = { hello: 0x1, proxy: 0x1000000f, proxying: 0x8000000f, version: 4 } as const;

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
