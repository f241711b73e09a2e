import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFleet } from './with-fleet.ts';

/** A real terminal without a window. */
class Terminal {
  readonly #socket = `nrbd-test-${process.pid}`;

  start(command: readonly string[], width: number, height: number): void {
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(width), '-y', String(height), ...command);
    this.#tmux('set-option', '-g', 'window-size', 'manual');
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  type(...keys: string[]): void {
    this.#tmux('send-keys', ...keys);
  }

  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  async until(text: RegExp, withinMs = 30_000): Promise<string> {
    const end = performance.now() + withinMs;
    let screen = this.screen();
    while (!text.test(screen) && performance.now() < end) {
      await sleep(100);
      screen = this.screen();
    }
    return screen;
  }

  close(): void {
    this.#tmux('kill-server');
  }

  #tmux(...words: string[]): string {
    const { CI: _, TMUX: __, ...env } = process.env;
    return execFileSync('tmux', ['-L', this.#socket, ...words], { encoding: 'utf8', env });
  }
}

withFleet(
  'a real terminal: the matrix fills, follows the size, and goes when it is interrupted',
  async (t, fleet) => {
    const client = await fleet.client();
    const builder = await fleet.builder();
    // A port that takes connections and never says a word keeps the others busy.
    const silent = createServer().listen(0, '127.0.0.1');
    t.teardown(() => silent.close());
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    client.host.write('/root/.ssh/config', `Host slow-*\n  HostName 127.0.0.1\n  Port ${port}\n`);
    const slow = Array.from({ length: 199 }, (_, index) => `ssh-ng://root@slow-${index} x86_64-linux - 4`);
    client.machines(builder.line(), ...slow);

    const terminal = new Terminal();
    t.teardown(() => terminal.close());
    terminal.start(
      [
        'nsenter',
        ...client.host.enter(),
        'env',
        'HOME=/root',
        'PATH=/usr/sbin:/usr/bin:/sbin:/bin',
        'PS1=ready> ',
        'bash',
        '--norc',
        '-i',
      ],
      120,
      30,
    );
    await terminal.until(/ready>/);
    terminal.type('clear; echo before', 'Enter');
    await terminal.until(/before/);
    terminal.type(client.doctorWords(['check']).join(' '), 'Enter');

    const running = await terminal.until(/slow-\d+ .* tcp \d s/);
    t.match(running, /^\d+ of 200 builders done, \d+ s/, 'what is done, and how long it takes');
    t.match(running, /client +network +ssh +nix +build +fleet/);
    t.match(running, /… and \d+ more; of all: /, 'those that do not fit are counted');
    t.notMatch(running, 'before', 'a screen of its own');

    terminal.resize(70, 12);
    await sleep(700);
    const small = terminal.screen();
    t.match(small, /^\d+ of 200 builders done/);
    t.equal(small.split('builders done').length, 2, 'drawn once');
    t.match(small, /slow-\d+ +\d+ done  tcp \d+ s/, 'without room for the matrix, a count');
    terminal.resize(200, 50);
    await sleep(700);
    const large = terminal.screen();
    t.equal(large.split('builders done').length, 2);
    t.match(large, /client +network +ssh +nix +build +fleet/);

    terminal.type('C-c');
    const after = await terminal.until(/^ready>\s*$/m);
    t.match(after, /interrupted|not all was tested|error/, 'the report of what was seen');
    t.notMatch(after, 'builders done', 'nothing of the matrix is left');
    terminal.type('clear; echo after-all', 'Enter');
    t.match(await terminal.until(/^after-all$/m), /^after-all$/m, 'the terminal works as before');
  },
);
