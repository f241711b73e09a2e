import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { nixProgramCommand } from '../connection/by-hand.ts';
import { type Probe, type ProbeContext, sshOf, textOf } from './probe.ts';
import { CannotObserve } from '../support/cannot-observe.ts';

/** Resolves a name with the system's resolver (`getaddrinfo`: /etc/hosts, nss and all), as ssh does. */
export const dns: Probe = {
  name: 'dns',
  parameters: ['name'],
  required: ['name'],
  reproduce: (_parameters, context) => nixProgramCommand(sshOf(context).ssh),
  observe: async ({ name }, { client, clientTransport, timeoutMs, signal }) => {
    const host = textOf(name);
    const [, bareName = host, port = ''] = /^(.+):(\d+)$/.exec(host) ?? [];
    const named = { name: host, bareName, port };
    const late = new Promise<never>((_, reject) => {
      setTimeout(
        () => reject(new CannotObserve('timeout', `the resolver did not answer within ${timeoutMs} ms`)),
        timeoutMs,
      ).unref();
    });
    try {
      const elsewhere = client.environment.place.enter.length > 0;
      const asked = elsewhere ? askThere(host, { clientTransport, timeoutMs, signal }) : askHere(host);
      return { value: { ...named, resolved: true, addresses: await Promise.race([asked, late]), error: '' } };
    } catch (error) {
      if (error instanceof CannotObserve) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return { value: { ...named, resolved: false, addresses: [], error: code } };
    }
  },
};

async function askHere(host: string): Promise<string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);
}

/** `getent` is not on the PATH of every daemon. */
const script =
  'PATH=$PATH:/usr/bin:/bin:/run/current-system/sw/bin; command -v getent >/dev/null || exit 127; getent ahosts "$1"';

/**
 * Asks where the daemon runs, which may have other files and name servers. getent(1) ends with 2 for a name that is not
 * found; where there is none, this machine's own resolver has to do.
 */
async function askThere(
  host: string,
  { clientTransport, timeoutMs, signal }: Pick<ProbeContext, 'clientTransport' | 'timeoutMs' | 'signal'>,
): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const { exitCode, stdout } = await clientTransport.run(['/bin/sh', '-c', script, 'sh', host], {
    timeoutMs,
    signal,
  });
  if (exitCode === 127) return askHere(host);
  if (exitCode !== 0) throw Object.assign(new Error(`getent: ${host}`), { code: 'ENOTFOUND' });
  return [...new Set(stdout.split('\n').flatMap((line) => line.split(/\s+/)[0] || []))];
}
