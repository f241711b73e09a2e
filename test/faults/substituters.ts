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

/** The builder's only substituter says that it is one, and answers questions about paths with `answer`, or not at all. */
function badPaths(answer?: string): (lab: Lab) => Promise<unknown> {
  return async ({ builder }) => {
    const info = 'StoreDir: /nix/store\\n';
    const head = 'HTTP/1.1 200 OK\\r\\nContent-Length: 21\\r\\nConnection: close\\r\\n\\r\\n';
    const rest =
      answer === undefined
        ? ''
        : `; else c.end('HTTP/1.1 ${answer}\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\n<html>')`;
    await listen(
      builder,
      8099,
      `c.once('data', (d) => { if (String(d).includes('nix-cache-info')) c.end('${head}${info}')${rest}; })`,
    );
    await configure(builder.host, `substituters = http://${builder.host.address}:8099`);
  };
}

const use = { nixConf: { 'builders-use-substitutes': 'true' } } as const;
const itsOwner = { fixNotRun: 'only its owner knows what the substituter is for' };
const stopsBuilds = {
  scenario: 'substituters-answer',
  cause: 'substituter-stops-builds',
  ...itsOwner,
} as const;
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
  ...(['2.8', '2.34'] as const).flatMap((nix): Fault[] => [
    {
      title: `a substituter answers with a login page, ssh-ng, ${nix}`,
      ...since(nix),
      builder: { nix },
      breaks: badPaths('200 OK'),
      ...stopsBuilds,
    },
    {
      title: `a substituter fails at each path, ssh with builders-use-substitutes, ${nix}`,
      ...since(nix),
      client: { ...use, nix },
      builder: { nix },
      scheme: 'ssh',
      breaks: badPaths('500 Internal Server Error'),
      ...stopsBuilds,
    },
  ]),
  {
    title: 'a substituter does not answer for a path, ssh-ng',
    breaks: badPaths(),
    scenario: 'substituters-answer',
    cause: 'substituter-silent',
    ...itsOwner,
  },
  {
    title: 'a substituter over ssh is not there, ssh-ng',
    breaks: ({ builder }) => configure(builder.host, 'substituters = ssh-ng://127.0.0.1:9'),
    ...stopsBuilds,
  },
];
