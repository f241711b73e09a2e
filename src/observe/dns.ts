import { lookup } from 'node:dns/promises';
import { CannotObserve, type Probe, textOf } from './probe.ts';

/** Resolves a name with the system's resolver (`getaddrinfo`: /etc/hosts, nss and all), as ssh does. */
export const dns: Probe = {
  name: 'dns',
  parameters: ['name'],
  required: ['name'],
  observe: async ({ name }, { timeoutMs }) => {
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
      const found = await Promise.race([lookup(host, { all: true, verbatim: true }), late]);
      return {
        value: { ...named, resolved: true, addresses: found.map(({ address }) => address), error: '' },
      };
    } catch (error) {
      if (error instanceof CannotObserve) throw error;
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      return { value: { ...named, resolved: false, addresses: [], error: code } };
    }
  },
};
