import { nixList, nixName, nixText } from '../machines/nix-text.ts';
import type { FixChange } from '../generated/types.ts';
import { quote, quoteIfNeeded } from '../support/shell-quote.ts';
import type { Form } from './change.ts';
import { moduleForm } from './module-form.ts';
import { andThen } from './shell.ts';
import type { System } from '../system/system.ts';

type User = NonNullable<FixChange['user']>;

/** An account: a key that it accepts, a group that it is in, its login shell. */
export function userForm({ name, key, group, shell }: User, system: System): Form {
  const option = `users.users.${nixName(name)}`;
  // nix-darwin sets shells and groups only for the accounts that it owns.
  const owned = system.moduleSystem === 'nixos';
  if (key !== undefined) {
    return system.moduleSystem === 'none'
      ? { run: authorise(name, key) }
      : moduleForm(`${option}.openssh.authorizedKeys.keys = ${nixList([key])};`, system);
  }
  if (group !== undefined)
    return owned
      ? moduleForm(`${option}.extraGroups = ${nixList([group])};`, system)
      : { run: join(name, group, system) };
  return owned
    ? moduleForm(`${option}.shell = ${nixText(shell ?? '')};`, system)
    : { run: setShell(name, shell ?? '', system) };
}

/** sshd wants the folders above the file to be the user's, and nobody else to write there (StrictModes). */
function authorise(name: string, key: string): string {
  const home = `~${quoteIfNeeded(name)}`;
  const [folder, file] = [`${home}/.ssh`, `${home}/.ssh/authorized_keys`];
  return andThen(
    `mkdir -p -m 700 ${folder}`,
    `{ grep -qsxF ${quote(key)} ${file} || printf '\\n%s\\n' ${quote(key)} >> ${file}; }`,
    `chmod 600 ${file}`,
    `chmod go-w ${home} ${folder}`,
    `chown -R ${quoteIfNeeded(name)}: ${folder}`,
  );
}

function join(name: string, group: string, { family, packages }: System): string {
  const [user, other] = [quoteIfNeeded(name), quoteIfNeeded(group)];
  if (family === 'darwin') return `dseditgroup -o edit -a ${user} -t user ${other}`;
  return packages === 'apk' ? `addgroup ${user} ${other}` : `usermod -aG ${other} ${user}`;
}

function setShell(name: string, shell: string, { family, packages }: System): string {
  const [user, path] = [quoteIfNeeded(name), quoteIfNeeded(shell)];
  if (family === 'darwin') return `dscl . -create ${quoteIfNeeded(`/Users/${name}`)} UserShell ${path}`;
  if (packages !== 'apk') return `usermod -s ${path} ${user}`;
  // busybox has no usermod.
  const [from, to] = [regex(name), shell.replace(/[\\&|]/g, '\\$&')];
  return `sed -i ${quote(`s|^\\(${from}:.*:\\)[^:]*$|\\1${to}|`)} /etc/passwd`;
}

function regex(text: string): string {
  return text.replace(/[\\.*^$[\]|/]/g, '\\$&');
}
