import { notMeasured, CannotObserve } from '../support/cannot-observe.ts';

/** Shell that prints sections: who runs it, and which files of Nix's configuration that user may not read. */
export const listUnreadable = `
section() { printf '\\n--- %s ---\\n' "$1"; }
section user; id -un; id -nG
may_not_read() { [ -e "$1" ] && [ ! -r "$1" ]; }
section unreadable; ! may_not_read /etc/nix/nix.conf || echo /etc/nix/nix.conf
section secret
for conf in $(sed -n 's/^ *!\\{0,1\\}include  *//p' /etc/nix/nix.conf 2>/dev/null); do
  case $conf in /*) ;; *) conf=/etc/nix/$conf ;; esac
  ! may_not_read "$conf" || echo "$conf"
done`;

/**
 * Throws {@link CannotObserve} where the user may not read nix.conf: what Nix shows then are its defaults, not what its
 * daemon is set to. A file that nix.conf includes and that only root may read is how Nix keeps access tokens secret; it
 * may set what is `lacking`, so only then it is in the way.
 */
export function refuseUnreadable(
  section: (name: string) => string,
  { code = notMeasured, lacking = '' } = {},
): void {
  const [user = ''] = section('user').split('\n');
  const files = section('unreadable') || (lacking === '' ? '' : section('secret'));
  const closed = files.split('\n').join(', ');
  if (closed !== '')
    throw new CannotObserve(
      code,
      `${user} may not read ${closed} on the builder, so its settings are not known`,
    );
}
