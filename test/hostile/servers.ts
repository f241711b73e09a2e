import { createServer, type Server, type Socket } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';

/** A server that does what no real one does. */
export interface BadServer {
  name: string;
  what: string;
  /** Sends so much that others of its process come late; such are tested apart. */
  floods: boolean;
  /** Outcomes that tell the truth about it: the scenario of the root cause. */
  expected: RegExp;
  listen: (keys: Keys) => Promise<{ port: number; close: () => void }>;
}

/** Private host keys; clients know the first. */
export interface Keys {
  known: string;
  other: string;
}

const floods = new Set(['loud', 'wordy', 'flood', 'lines', 'channels']);

const banner = 'SSH-2.0-hostile\r\n';

async function started(
  server: Server | InstanceType<typeof ssh2.Server>,
): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    if (typeof (socket as Partial<Socket>).destroy === 'function') sockets.add(socket);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** One that speaks bytes. */
function raw(name: string, what: string, expected: RegExp, talk: (socket: Socket) => void): BadServer {
  return {
    name,
    what,
    floods: floods.has(name),
    expected,
    listen: () =>
      started(
        createServer((socket) => {
          socket.on('error', () => undefined);
          talk(socket);
        }),
      ),
  };
}

/** Writes the same again and again, as fast as it is taken, up to so many bytes. */
function flood(to: NodeJS.WritableStream, piece: Buffer, bytes: number): void {
  let left = bytes;
  const write = (): void => {
    while (left > 0) {
      left -= piece.length;
      if (!to.write(piece)) {
        to.once('drain', write);
        return;
      }
    }
    to.end();
  };
  to.on('error', () => (left = 0));
  to.on('close', () => (left = 0));
  write();
}

/** One that speaks ssh, and lets everybody in. */
function ssh(
  name: string,
  what: string,
  expected: RegExp,
  exec: (channel: ServerChannel, command: string, connection: Connection) => void,
  other: {
    onConnection?: (connection: Connection) => void;
    accept?: boolean;
    key?: (keys: Keys, count: number) => string;
  } = {},
): BadServer {
  return {
    name,
    what,
    floods: floods.has(name),
    expected,
    listen: (keys) => {
      let count = 0;
      const onConnection = (connection: Connection): void => {
        connection.on('error', () => undefined);
        if (other.onConnection !== undefined) {
          other.onConnection(connection);
          return;
        }
        connection.on('authentication', (login) => {
          if (other.accept === false) login.reject();
          else login.accept();
        });
        connection.on('session', (accept) => {
          accept().on('exec', (acceptExec, _reject, { command }) => {
            const channel = acceptExec();
            channel.on('error', () => undefined);
            exec(channel, command, connection);
          });
        });
      };
      if (other.key === undefined) return started(new ssh2.Server({ hostKeys: [keys.known] }, onConnection));
      // A key that changes needs a server for each connection.
      const key = other.key;
      return started(
        createServer((socket) => {
          socket.on('error', () => undefined);
          const server = new ssh2.Server({ hostKeys: [key(keys, count++)] }, onConnection);
          server.injectSocket(socket);
        }),
      );
    },
  };
}

const greeting = Buffer.from('6f69786400000000', 'hex');
const line = Buffer.from('error: this is a line of a flood\n');
const block = Buffer.alloc(64 * 1024, 'x');

export const badServers: readonly BadServer[] = [
  raw('silent', 'never answers', /^tcp$/, () => undefined),
  raw('slow', 'one byte a second', /^(tcp|host-key)$/, (socket) => {
    let at = 0;
    const timer = setInterval(() => socket.write(banner[at++ % banner.length] ?? 'x'), 1000);
    socket.on('close', () => clearInterval(timer));
  }),
  raw('loud', 'a greeting of 1 GB on one line', /^tcp$/, (socket) => flood(socket, block, 1e9)),
  raw('wordy', 'a million lines before the greeting', /^(tcp|host-key|connection)$/, (socket) =>
    flood(socket, line, 33e6),
  ),
  raw('curt', 'closes at once', /^tcp$/, (socket) => socket.end()),
  raw('reset', 'resets the connection', /^tcp$/, (socket) => socket.resetAndDestroy()),
  raw('banner', 'closes after its greeting', /^(tcp|host-key|connection)$/, (socket) => socket.end(banner)),
  raw('mute', 'greets, and never exchanges keys', /^(host-key|connection)$/, (socket) =>
    socket.write(banner),
  ),
  raw('half', 'closes in the middle of the key exchange', /^(host-key|connection)$/, (socket) => {
    socket.write(banner);
    socket.once('data', () => socket.end(Buffer.from('000003fc0714', 'hex')));
  }),
  raw('huge', 'a packet that claims to be 4 GB long', /^(host-key|connection)$/, (socket) => {
    socket.write(banner);
    socket.once('data', () => socket.write(Buffer.from('ffffffff0a14', 'hex')));
  }),
  raw('noise', 'random bytes', /^(tcp|host-key|connection)$/, (socket) => {
    socket.write(Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 197 + 31) % 256)));
  }),
  raw('web', 'a web server', /^tcp$/, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  raw('old', 'speaks version 1 of the protocol', /^(tcp|host-key|connection)$/, (socket) =>
    socket.write('SSH-1.5-old\r\n'),
  ),
  raw('escapes', 'terminal sequences in the greeting', /^(tcp|host-key|connection)$/, (socket) =>
    socket.write('SSH-2.0-\x1b]0;owned\x07\x1b[2J\r\n'),
  ),
  ssh('reject', 'refuses every key', /^connection$/, () => undefined, { accept: false }),
  ssh('stall', 'never answers a login', /^connection$/, () => undefined, {
    onConnection: (connection) => connection.on('authentication', () => undefined),
  }),
  ssh('hangup', 'closes at the login', /^connection$/, () => undefined, {
    onConnection: (connection) => connection.on('authentication', () => connection.end()),
  }),
  ssh('no-channel', 'opens no channel', /^(connection|handshake)$/, () => undefined, {
    onConnection: (connection) => {
      connection.on('authentication', (login) => login.accept());
      connection.on('session', (_accept, reject) => reject());
    },
  }),
  ssh('dead-exec', 'starts commands that never say a word', /^(connection|handshake)$/, () => undefined),
  ssh(
    'liar',
    'says that every command succeeded, and prints nothing',
    /^(connection|handshake)$/,
    (channel) => {
      channel.exit(0);
      channel.end();
    },
  ),
  ssh(
    'junk',
    'prints the same words, whatever is asked, and succeeds',
    /^(connection|handshake)$/,
    (channel) => {
      channel.write('all is well\n42\nready\n');
      channel.exit(0);
      channel.end();
    },
  ),
  ssh('flood', '1 GB of output', /^(host-key|connection|handshake)$/, (channel) =>
    flood(channel, block, 1e9),
  ),
  ssh('lines', 'a million lines of errors', /^(host-key|connection|handshake)$/, (channel) => {
    flood(channel.stderr, line, 33e6);
  }),
  ssh('no-status', 'closes the channel without a status', /^(connection|handshake)$/, (channel) =>
    channel.close(),
  ),
  ssh('signal', 'says that a signal ended every command', /^(connection|handshake)$/, (channel) => {
    channel.exit('SEGV', false, 'segmentation fault');
    channel.end();
  }),
  ssh(
    'cut',
    'drops the connection while a command runs',
    /^(connection|handshake)$/,
    (_channel, _command, connection) => connection.end(),
  ),
  ssh('half-greeting', "half of Nix's greeting, then nothing", /^(connection|handshake)$/, (channel) =>
    channel.write(greeting.subarray(0, 4)),
  ),
  ssh(
    'long-string',
    "Nix's greeting with a string of 16 EB",
    /^(connection|handshake|trusted|.*)$/,
    (channel) => {
      channel.write(
        Buffer.concat([
          greeting,
          Buffer.from('2601000000000000', 'hex'),
          Buffer.alloc(8),
          Buffer.alloc(8, 0xff),
          block,
        ]),
      );
    },
  ),
  ssh('linger', 'exits, but never closes', /^(connection|handshake)$/, (channel) => channel.exit(0)),
  ssh(
    'changing',
    'changes its host key between connections',
    /^(host-key|connection|handshake)$/,
    (channel) => channel.end(),
    {
      key: (keys, count) => (count % 2 === 0 ? keys.known : keys.other),
    },
  ),
  ssh(
    'impostor',
    'has another host key than the one that is known',
    /^host-key$/,
    (channel) => channel.end(),
    { key: (keys) => keys.other },
  ),
  ssh(
    'channels',
    'opens a flood of channels to the client',
    // This stand-in has one thread, and may be too busy with its flood to greet whoever looks at its port meanwhile.
    /^(tcp|host-key|connection|handshake)$/,
    () => undefined,
    {
      onConnection: (connection) => {
        connection.on('authentication', (login) => login.accept());
        connection.on('ready', () => {
          for (let index = 0; index < 2000; index += 1)
            connection.forwardOut('127.0.0.1', 1, '127.0.0.1', index, () => undefined);
        });
      },
    },
  ),
];
