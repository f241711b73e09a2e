import { CannotObserve } from '../support/cannot-observe.ts';
import { type Probe, sshOf } from './probe.ts';

/**
 * How far the builder's clock is from this machine's, in seconds. It is right when it tells a time between the question
 * and the answer.
 */
export const clock: Probe = {
  name: 'clock',
  parameters: [],
  required: [],
  observe: async (_parameters, context) => {
    const { ssh } = sshOf(context);
    const transport = await ssh.transport(context.signal);
    const asked = Math.floor(Date.now() / 1000);
    const { stdout, stderr, exitCode } = await transport.run('date -u +%s', { ...context, quick: true });
    const answered = Math.floor(Date.now() / 1000);
    if (!/^\d+$/.test(stdout.trim())) throw new CannotObserve('no-date', stderr.trim() || stdout.trim());
    const theirs = Number(stdout.trim());
    const behindSeconds = Math.min(Math.max(theirs, asked), answered) - theirs;
    return {
      exitCode,
      stderr,
      value: {
        behindSeconds,
        offSeconds: Math.abs(behindSeconds),
        theirs: new Date(theirs * 1000).toISOString(),
      },
    };
  },
};
