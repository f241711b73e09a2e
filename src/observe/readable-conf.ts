import { CannotObserve, notMeasured } from './probe.ts';

/** Shell that prints sections: who runs it, and which files of Nix's configuration that user may not read. */
export const listUnreadable = `
section() { printf '\\n--- %s ---\\n' "$1"; }
section user; id -un; id -nG
section unreadable
for conf in /etc/nix/nix.conf $(sed -n 's/^ *!\\{0,1\\}include  *//p' /etc/nix/nix.conf 2>/dev/null); do
  case $conf in /*) ;; *) conf=/etc/nix/$conf ;; esac
  [ ! -e "$conf" ] || [ -r "$conf" ] || echo "$conf"
done`;

/**
 * Throws {@link CannotObserve} where there are such files: what Nix shows then are its defaults, not what its daemon is
 * set to.
 */
export function refuseUnreadable(section: (name: string) => string, code = notMeasured): void {
  const [user = ''] = section('user').split('\n');
  const closed = section('unreadable').split('\n').join(', ');
  if (closed !== '')
    throw new CannotObserve(
      code,
      `${user} may not read ${closed} on the builder, so its settings are not known`,
    );
}
