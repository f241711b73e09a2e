import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { alpineRoot } from '../fleet/profiles/alpine/root.ts';
import type { Lab } from './fault.ts';

/** Longer than any healthy builder of the laboratory takes; Nix itself may wait for ever. */
const withinSeconds = 25;

/** What Nix itself makes of the builder. */
export interface RealBuild {
  works: boolean;
  /** Nix's last words, where it does not. */
  words: string;
}

/**
 * Builds with Nix alone, and only on the builder: a program from the store writes a script to the build folder, runs it
 * and writes its output. One build for each feature that the first entry promises. Through the daemon where there is one.
 */
export async function realBuild({ client, args, env }: Lab): Promise<RealBuild> {
  const { host } = client;
  // It is told by the name of its file that it is no single applet.
  const folder = host.path('/tmp/shell');
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(await alpineRoot('2.8'), 'usr/bin/busybox'), join(folder, 'busybox'));
  host.write('/tmp/real-build.nix', expression);
  const at = args.indexOf('--builders');
  const builders = at < 0 ? '' : (args[at + 1] ?? '');
  const { exitCode, stdout, stderr } = await host.sh(script, {
    env: { ...env, builders },
  });
  const words = exitCode === 124 ? `no end within ${withinSeconds} s` : `${stdout}${stderr}`;
  return {
    works: exitCode === 0,
    words: exitCode === 0 ? '' : words.trim().split('\n').slice(-3).join(' / '),
  };
}

const script = `
cd /tmp
[ ! -S /nix/var/nix/daemon-socket/socket ] || export NIX_REMOTE=daemon
shell=$(nix-store --add shell) || { echo 'nothing can be added to the store of the client'; exit 1; }
set -f
line=\${builders:-$(grep -v '^ *#' /etc/nix/machines | head -n 1 | sed 's/ #.*//')}
set -- $line
features=\${6#-} mandatory=\${7#-}
# No build needs a host key that slipped into the column.
case $features in c3NoL*) features= ;; esac
timeout -k 2 ${withinSeconds} nix-build real-build.nix \${builders:+--builders "$builders"} --no-out-link --max-jobs 0 --option substitute false --option pure-eval false --option restrict-eval false \\
  --argstr shell "$shell" --argstr nonce "$$-$(date +%s)" --argstr system "\${2%%,*}" --argstr features "$features" --argstr mandatory "$mandatory"
`;

const expression = `
{ shell, nonce, system, features, mandatory }:
let
  names = text: builtins.filter (name: builtins.isString name && name != "") (builtins.split "," text);
  build = feature: derivation {
    name = "real-build-\${nonce}";
    system = if system == "" || system == "-" then builtins.currentSystem else system;
    builder = "\${builtins.storePath shell}/busybox";
    args = [ "sh" "-e" "-c" "printf '#!%s sh\\\\necho built\\\\n' \${shell}/busybox > $TMPDIR/program; \${shell}/busybox chmod +x $TMPDIR/program; $TMPDIR/program > $out; : \${feature} > /dev/null" ];
    requiredSystemFeatures = names mandatory ++ names feature;
  };
in map build ([ "" ] ++ names features)
`;
