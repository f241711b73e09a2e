import { CannotObserve, type Probe, sshOf } from './probe.ts';

/** How far the builder's clock is from this machine's, in seconds; the time on the way counts for half. */
export const clock: Probe = {
  name: 'clock',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    const asked = Date.now();
    const { stdout, stderr, exitCode } = await transport.run('date -u +%s', context);
    const answered = Date.now();
    if (!/^\d+$/.test(stdout.trim())) throw new CannotObserve('no-date', stderr.trim() || stdout.trim());
    const behindSeconds = Math.round((asked + answered) / 2000 - Number(stdout.trim()));
    return {
      exitCode,
      stderr,
      value: {
        behindSeconds,
        offSeconds: Math.abs(behindSeconds),
        theirs: new Date(Number(stdout) * 1000).toISOString(),
      },
    };
  },
};
