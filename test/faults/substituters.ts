import { type Fault, type Lab, since } from './fault.ts';
import { configure, listen } from './configure.ts';

/** The builder's only substituter is at its own address; nobody listens there unless `answer` is given. */
function substituter(answer?: string, scheme = 'http'): (lab: Lab) => Promise<unknown> {
  return async ({ builder }) => {
    const text = `HTTP/1.1 ${answer ?? ''}\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n`;
    if (answer !== undefined) await listen(builder, 8099, answer === '' ? '' : `c.end("${text}")`);
    await configure(builder.host, `substituters = ${scheme}://${builder.host.address}:8099`);
  };
}

const use = { nixConf: { 'builders-use-substitutes': 'true' } } as const;
const itsOwner = { fixNotRun: 'only its owner knows what the substituter is for' };
const asWarning = { scenario: 'substituters', outcome: 'warn', ...itsOwner } as const;

export const substituterFaults: readonly Fault[] = [
  ...(['2.8', '2.34'] as const).map((nix): Fault => ({
    title: `a substituter accepts and says nothing, ssh-ng, ${nix}`,
    ...since(nix),
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
