/**
 * Shell that ends the Nix programs which a login of the last `seconds` left on the builder: `nix-daemon --stdio` and
 * `nix-store --serve` of this user whose ssh session is gone, so that nobody can talk to them any more. A program that
 * waits for a lock does not notice the end of its session, and every check of such a builder would leave one more.
 */
export function endOrphans(seconds: number): string {
  return `
read -r up _ < /proc/uptime; ticks=$(getconf CLK_TCK || echo 100)
for process in /proc/[0-9]*; do
  [ -O "$process" ] || continue
  words=$(tr '\\000' ' ' < "$process/cmdline")
  case $words in *'nix-daemon --stdio '*|*'nix-store --serve '*) ;; *) continue ;; esac
  stat=$(cat "$process/stat") || continue
  set -- \${stat##*) }
  [ "$2" = 1 ] && [ $((\${up%%.*} - \${20} / ticks)) -le ${seconds} ] || continue
  tr '\\000' '\\n' < "$process/environ" | grep -q "^SSH_CONNECTION=\${SSH_CONNECTION%% *} " || continue
  kill "\${process#/proc/}"
done
`;
}
