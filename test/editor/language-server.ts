import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface Message {
  id?: number;
  method?: string;
  params?: unknown;
  result?: unknown;
}

const program = join(
  dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')),
  'bin/yaml-language-server',
);

/** The real yaml-language-server, spoken to as an editor does (Language Server Protocol over stdio). */
export class LanguageServer {
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (result: unknown) => void>();
  readonly #notices: { method: string; take: (params: unknown) => boolean }[] = [];
  #next = 1;
  #read = Buffer.alloc(0);

  constructor() {
    this.#child = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#child.stdout?.on('data', (chunk: Buffer) => this.#take(chunk));
  }

  static async start(): Promise<LanguageServer> {
    const server = new LanguageServer();
    await server.ask('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
    server.tell('initialized', {});
    return server;
  }

  ask(method: string, params: unknown): Promise<unknown> {
    const id = this.#next;
    this.#next += 1;
    this.#send({ jsonrpc: '2.0', id, method, params });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  tell(method: string, params: unknown): void {
    this.#send({ jsonrpc: '2.0', method, params });
  }

  /** Waits for a notice that `take` takes. */
  notice(method: string, take: (params: unknown) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#notices.push({
        method,
        take: (params) => {
          const taken = take(params);
          if (taken) resolve();
          return taken;
        },
      });
    });
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: object): void {
    const body = Buffer.from(JSON.stringify(message));
    this.#child.stdin?.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#child.stdin?.write(body);
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    for (;;) {
      const head = this.#read.indexOf('\r\n\r\n');
      const length = Number(/Content-Length: (\d+)/i.exec(this.#read.toString('latin1', 0, head))?.[1]);
      if (head < 0 || this.#read.length < head + 4 + length) return;
      const message = JSON.parse(this.#read.toString('utf8', head + 4, head + 4 + length)) as Message;
      this.#read = this.#read.subarray(head + 4 + length);
      this.#hear(message);
    }
  }

  #hear({ id, method, params, result }: Message): void {
    if (method === undefined) {
      if (id !== undefined) this.#answers.get(id)?.(result);
      return;
    }
    // What the server asks of an editor: it has no settings.
    if (id !== undefined)
      this.#send({
        jsonrpc: '2.0',
        id,
        result: method === 'workspace/configuration' ? [{}, {}, {}, {}, {}] : null,
      });
    const index = this.#notices.findIndex((notice) => notice.method === method && notice.take(params));
    if (index >= 0) this.#notices.splice(index, 1);
  }
}
