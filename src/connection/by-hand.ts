import { readFile } from 'node:fs/promises';
import { quoteIfNeeded } from '../support/shell-quote.ts';
import type { SshAccess } from './ssh-access.ts';
import { greetingOf } from '../nix/protocol/greeting.ts';

/** What of the way to a builder is needed to write down a login. */
export type LoginDetails = Pick<
  SshAccess,
  'nixWords' | 'pinnedKnownHosts' | 'place' | 'env' | 'remoteProgram' | 'protocol' | 'folder'
>;

/**
 * The login as Nix makes it, as a command to type. A host key that the entry pins comes as the line itself, for the file
 * that Nix makes of it does not last. `remote`: what runs there; `input`: shell before it, that writes its input.
 */
async function loginCommand(ssh: LoginDetails, remote: string, input = ''): Promise<string> {
  const pinned = await ssh.pinnedKnownHosts();
  const words = (await ssh.nixWords()).map((word) =>
    pinned !== null && word.endsWith(`=${pinned}`)
      ? `${word.slice(0, -pinned.length)}"$known"`
      : quoteIfNeeded(word),
  );
  // Nix's daemon has no agent, unless its unit gives it one.
  const agent = ssh.env['SSH_AUTH_SOCK'] === undefined ? 'SSH_AUTH_SOCK= ' : '';
  const login = `${input}${agent}${[...ssh.place.enter, 'ssh', ...words, remote].join(' ')}`;
  if (pinned === null) return login;
  const line = (await readFile(ssh.place.root + pinned, 'utf8')).trim();
  return `(known=$(mktemp); trap 'rm "$known"' EXIT; echo ${quoteIfNeeded(line)} > "$known"; ${login})`;
}

/** Nix's own program there, greeted as Nix does; its input stays open for a while, for some errors come late. */
export function nixProgramCommand(ssh: LoginDetails): Promise<string> {
  const greeting = [...greetingOf[ssh.protocol]].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  const program = ssh.remoteProgram.map(quoteIfNeeded).join(' ');
  return loginCommand(ssh, program, `{ printf '${greeting.join('')}'; sleep 5; } | `);
}

/** A script for `sh` there. */
export async function shellCommand(ssh: LoginDetails, script: string): Promise<string> {
  const text = script.trim();
  const isWord = !text.includes('\n') && !text.includes("'");
  return isWord
    ? loginCommand(ssh, 'sh', `echo ${quoteIfNeeded(text)} | `)
    : `{ ${await loginCommand(ssh, 'sh')}; } <<'END'\n${text}\nEND`;
}
