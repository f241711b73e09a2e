import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type LoginEvidence, readSshLog } from '../../src/ssh/debug-log.ts';

const key = '/root/.ssh/id_ed25519 ED25519';

/** Recorded from the real ssh of Debian 12 (9.2) and of Debian sid (10), against the sshd beside it. */
const recorded: Readonly<Record<string, Partial<LoginEvidence>>> = {
  ok: { phase: 'session', accepted: [key], words: '' },
  refused: { phase: 'authentication', offered: [key], accepted: [], allowed: ['publickey'] },
  notoffered: { phase: 'authentication', offered: [], skipped: [] },
  algos: { offered: [], skipped: ['/root/.ssh/id_ed25519'] },
  secondpw: { phase: 'authentication', accepted: [key], partialSuccess: true, allowed: ['password'] },
  maxsessions0: { phase: 'session', sessionRefused: true },
  nologin: { phase: 'authentication', accepted: [key], partialSuccess: false },
  hostcertexpired: { phase: 'key-exchange', hostCertificate: 'expired' },
  proxymissing: { phase: 'proxy', offered: [] },
};

for (const version of ['9.2', '10']) {
  for (const [name, facts] of Object.entries(recorded)) {
    t.test(`${name}, OpenSSH ${version}`, (own) => {
      const seen = readSshLog(recording(`${name}-${version}`));
      own.match({ ...seen, words: seen.words.trim() }, facts);
      for (const list of ['offered', 'accepted', 'skipped', 'allowed'] as const)
        if (facts[list] !== undefined) own.strictSame(seen[list], facts[list], list);
      own.end();
    });
  }
  t.test(`a certificate is offered as one, OpenSSH ${version}`, (own) => {
    own.strictSame(readSshLog(recording(`certexpired-${version}`)).offered.sort(), [key, `${key}-CERT`]);
    own.end();
  });
}

t.test('of ssh words that need no -v all remain, and no debug line', (own) => {
  const { words } = readSshLog(recording('toomany-9.2'));
  own.match(words, /Too many authentication failures/);
  own.notMatch(words, /debug1|OpenSSH_/);
  own.end();
});

t.test('what -v tells of further host keys is no word of the builder', (own) => {
  const added =
    'Learned new hostkey: RSA SHA256:IzxHW4Y\nAdding new key for alpha to /root/.ssh/known_hosts: ssh-rsa SHA256:IzxHW4Y\n' +
    'Deprecating obsolete hostkey: ED25519 SHA256:CKkEvLR\n';
  own.equal(readSshLog(added).words.trim(), '');
  own.end();
});

t.test('an empty log is the log of an ssh that said nothing', (own) => {
  own.match(readSshLog(''), { phase: 'start', offered: [], allowed: [], words: '' });
  own.end();
});

function recording(name: string): string {
  return readFileSync(join(import.meta.dirname, 'recorded', `${name}.log`), 'utf8');
}
