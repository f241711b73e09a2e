import t from 'tap';
import { sessionLimitsIn, timeoutOf } from '../../src/system/session-limits.ts';
import { limitIn } from '../../src/probes/test-builds.ts';

t.test('the time that timeout gives to a command is found behind its options', (t) => {
  const times: [string, number][] = [
    ['timeout 5 nix-daemon --stdio', 5],
    ['/usr/bin/timeout -k 9 2m sh -c sh', 120],
    ['gtimeout --foreground --signal=KILL 1.5h sh', 5400],
    ['timeout -s KILL --kill-after 3 7 sh', 7],
    ['busybox timeout 8 sh', 8],
    ['timeout 0 sh', 0],
    ['sh -c timeout 5 sh', 0],
    ['sshd: root@notty', 0],
  ];
  for (const [words, seconds] of times) t.equal(timeoutOf(words.split(' ')), seconds, words);
  t.end();
});

t.test('a build that sees timeout without blanks takes it for no shorter than it can be', (t) => {
  const times: [string, number][] = [
    ['timeout5nix-daemon--stdio', 5],
    ['/usr/bin/timeout1.5mnix-store--serve--write', 90],
    ['timeout2dsh-cnix-daemon --stdio', 172_800],
    ['timeout-sKILL--foreground7/usr/bin/nix-daemon--stdio', 7],
    ['busyboxtimeout-k55nix-daemon--stdio', 5],
    ['timeout-k530nix-daemon--stdio', 30],
    ['timeout-k10300nix-daemon--stdio', 300],
    ['timeout-k5s10snix-store--serve', 10],
    ['timeout--kill-after=52mnix-daemon--stdio', 120],
    ['nix-daemon--stdio', 0],
  ];
  for (const [words, seconds] of times)
    t.equal(limitIn(`host=a input=b sh=yes limit=${words}`), seconds, words);
  t.equal(limitIn('host=a input=b sh=yes limit='), 0);
  t.end();
});

t.test('a forced command of sshd counts where its timeout is no parent of the login', (t) => {
  const seconds = (line: string): number =>
    sessionLimitsIn((name) => (name === 'sshd' ? line : '')).sessionSeconds;
  t.equal(seconds('forcecommand timeout -k 5 7 sh -c "$SSH_ORIGINAL_COMMAND"'), 7);
  t.equal(seconds('forcecommand none'), 0);
  t.end();
});

t.test('ChannelTimeout counts where it means the session of a command', (t) => {
  const quiet = (sshd: string, version = 'OpenSSH_10.6p1'): number =>
    sessionLimitsIn((name) => (name === 'sshd' ? sshd : name === 'sshversion' ? version : ''))
      .quietSessionSeconds;
  t.equal(quiet('channeltimeout none'), 0);
  t.equal(quiet('ChannelTimeout x11-connection=5s session=1h30m'), 5400);
  t.equal(quiet('ChannelTimeout global=20 session:*=10'), 10);
  t.equal(quiet('channeltimeout session=5s', 'OpenSSH_9.2p1 Debian-2'), 0);
  t.equal(quiet('channeltimeout session:command=5s', 'OpenSSH_9.2p1 Debian-2'), 5);
  t.end();
});

t.test('the processor time of the login counts only where it starts the builds', (t) => {
  const section = (inherits: string) => (name: string) => ({ cpulimit: '5', inherits })[name] ?? '';
  t.equal(sessionLimitsIn(section('yes')).processorSeconds, 5);
  t.equal(sessionLimitsIn(section('')).processorSeconds, 0);
  t.end();
});
