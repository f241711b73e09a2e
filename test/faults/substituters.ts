import type { Fault, Lab } from './fault.ts';
import { configure } from './configure.ts';

/** A server that takes every connection and answers with `answer`, or never where that is empty. */
function serve(answer: string): string {
  return `setsid perl -e 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => $ARGV[0], LocalPort => 8099, Listen => 50, ReuseAddr => 1) or die $!; while (my $c = $s->accept) { if ($ARGV[1]) { print $c "HTTP/1.1 $ARGV[1]\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"; close $c } else { push @c, $c } }'`.concat(
    ` "$0" '${answer}' </dev/null >/tmp/listen.log 2>&1 & sleep 0.3`,
  );
}

/** The builder's only substituter is at its own address; nobody listens there unless `answer` is given. */
function substituter(answer?: string, scheme = 'http'): (lab: Lab) => Promise<unknown> {
  return async ({ builder: { host } }) => {
    if (answer !== undefined) await host.run(['sh', '-c', serve(answer), host.address]);
    await configure(host, `substituters = ${scheme}://${host.address}:8099`);
  };
}

const use = { nixConf: { 'builders-use-substitutes': 'true' } } as const;
const itsOwner = { fixNotRun: 'only its owner knows what the substituter is for' };
const asWarning = { scenario: 'substituters', outcome: 'warn', ...itsOwner } as const;

export const substituterFaults: readonly Fault[] = [
  ...(['2.8', '2.34'] as const).map((nix): Fault => ({
    title: `a substituter accepts and says nothing, ssh-ng, ${nix}`,
    builder: { nix },
    breaks: substituter(''),
    scenario: 'substituters-answer',
    cause: 'substituter-silent',
    ...itsOwner,
  })),
  {
    title: 'a substituter accepts and says nothing, ssh, builders-use-substitutes',
    client: use,
    scheme: 'ssh',
    breaks: substituter(''),
    scenario: 'substituters-answer',
    cause: 'substituter-silent',
    ...itsOwner,
  },
  {
    title: 'a substituter refuses connections, ssh-ng',
    breaks: substituter(),
    cause: 'substituter-unreachable',
    ...asWarning,
  },
  {
    title: 'a substituter wants a password, builders-use-substitutes',
    client: use,
    breaks: substituter('401 Unauthorized'),
    cause: 'substituter-refuses',
    ...asWarning,
  },
  {
    title: 'the builder has no certificates for https, builders-use-substitutes',
    client: { ...use, nix: '2.34' },
    builder: { nix: '2.34' },
    breaks: substituter('400 Bad Request', 'https'),
    cause: 'substituter-refuses',
    ...asWarning,
  },
];
