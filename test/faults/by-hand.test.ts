import type { ReportCheck } from '../../src/generated/types.ts';
import { withFleet } from '../fleet/with-fleet.ts';
import { faults } from './index.ts';
import { found, withFault } from './laboratory.ts';

// Every check that did not pass prints a command that shows the same: it is typed here, and its words are compared.

/** Faults, and words that both the check and the typed command must show. */
const typed: Readonly<Record<string, RegExp>> = {
  'a name that nobody knows': /Could not resolve hostname/,
  'the SSH server does not run': /Connection refused/,
  'a web server listens': /kex_exchange_identification|Connection closed|banner|Connection reset/,
  'a host key that root does not know': /Host key verification failed/,
  'the builder was made anew, with another host key': /REMOTE HOST IDENTIFICATION HAS CHANGED/,
  'the machines file pins an old host key': /REMOTE HOST IDENTIFICATION HAS CHANGED/,
  'no key exchange in common': /no matching key exchange method found/,
  'the private key can be read by others': /UNPROTECTED PRIVATE KEY FILE/,
  'the private key does not exist': /not accessible: No such file|Permission denied/,
  'the key is not authorised for another user': /Permission denied \(publickey/,
  'a ProxyCommand that is not installed': /not found|No such file/,
  'a start-up file prints a greeting, ssh-ng': /[Ww]elcome|hello|Last login|greeting/,
  'Nix is not on the PATH of a plain login, ssh': /not found/,
  // It has no words: the program begins its answer, and then nothing comes.
  'the daemon died and left its socket': /^started\noixd\0{4}.{8}$/s,
  'nix.conf has a value that Nix refuses, over ssh': /error: /,
  'the entry promises a system that the builder is not': /extra-platforms|system = /,
  'the user is not trusted, 2.8 over ssh-ng': /lacks a valid signature|not privileged/,
  'the user is not trusted and the inputs are not signed, 2.34': /lacks a signature by a trusted key/,
  'the builder builds nothing at all, 2.34 over ssh-ng':
    /unable to start any build|local builds are disabled/,
  "an account tied to Nix's program, and a promised feature that is not there, 2.26 over ssh-ng":
    /made-up|kvm|is required to build/,
};

const words = process.argv.slice(2);
for (const [title, shows] of Object.entries(typed)) {
  if (!words.every((word) => title.includes(word))) continue;
  withFleet(`typed by hand: ${title}`, async (t, fleet) => {
    const fault = faults.find((one) => one.title === title);
    if (fault === undefined) throw new Error('there is no such fault');
    await withFault(fleet, fault, {}, async ({ client, args, env }) => {
      const { report } = await client.check(args, { env });
      const { check } = found(report, fault);
      const command = check?.byHand ?? '';
      t.notMatch(
        command,
        /\/nrbd-|\/tmp\/host-key|^nix-remote-builder-doctor/,
        'it names nothing that is gone',
      );
      const { stdout, stderr } = await client.host.sh(`${command}\n`, { env, timeoutMs: 30_000 });
      t.match(`${stdout}${stderr}`, shows, command);
      if (wordsOf(check) !== '') t.match(wordsOf(check), shows, 'the check saw them, too');
      const { stdout: table } = await client.doctor(['check', ...args, '-v'], { env });
      t.match(table, (command.split('\n')[0] ?? '').slice(0, 60), '-v shows it');
    });
  });
}

/** What the check saw, where a command said it. */
function wordsOf(check: ReportCheck | undefined): string {
  return check?.observation?.stderr ?? '';
}
