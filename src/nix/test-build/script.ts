import { quote } from '../../support/shell-quote.ts';
import { expression } from './expression.ts';
import { bringHeaders } from './foreign.ts';
import { bringProgram } from './program.ts';

/** Which builds to try, and how Nix is asked for them. */
export interface TestBuilds {
  /** Begins the names of all that comes into a store. */
  name: string;
  /** Of the machine that the script runs on; empty: not known, and it promises `systems` itself. */
  own: string;
  /** Of the plain build; empty: the machine's own. */
  system: string;
  systems: readonly string[];
  features: readonly string[];
  mandatory: readonly string[];
  /** For `nix-store --realise`. */
  options: readonly string[];
  /** Whether the input of the plain build is built on this machine first. */
  inputHere: boolean;
}

/** Keeps what one call of Nix has put into the store until another uses it, where little room is left. */
const keep = '--option min-free 0';

/** Nix's evaluator, whatever the settings of this machine allow it. An old one warns of settings that it does not know. */
const instantiate = `nix-instantiate ${keep} --option pure-eval false --option restrict-eval false --option allow-import-from-derivation false --option eval-system '' --option max-call-depth 10000`;

/**
 * Shell that makes the builds, all in one call of Nix; where that fails, each by itself, so that the words of each
 * are known; builds that cannot succeed always by themselves. Where none fails by itself, the plain one has the words
 * of the call that failed. Sections on standard output, each under a line of its own:
 * `result`, `info`, `input`, `apart` (the places of those that cannot succeed), `failed N`.
 */
export function buildScript(builds: TestBuilds): string {
  const args = Object.entries({
    name: builds.name,
    systems: builds.systems.join(' '),
    features: builds.features.join(' '),
    mandatory: builds.mandatory.join(' '),
  }).map(([key, value]) => `--argstr ${key} ${quote(value)}`);
  return `
set -u
name=${quote(builds.name)}
# A folder of temporary files that is gone, closed or full keeps Nix from nothing where its builds are made elsewhere.
tmp=
has_room() {
  # Not with a colon, for which some shells end where a file cannot be made.
  { printf '%8000000s' x > "$1/room"; } 2>/dev/null || return 1
  for file in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do { printf '' > "$1/file-$file"; } 2>/dev/null || return 1; done
  rm "$1"/room "$1"/file-*
}
for folder in "\${TMPDIR:-/tmp}" /tmp /var/tmp; do
  mkdir -m 700 "$folder/$name" 2>/dev/null || continue
  if has_room "$folder/$name"; then tmp=$folder/$name; break; fi
  rm -rf "$folder/$name"
done
[ -n "$tmp" ] || { echo "no folder for temporary files has room: \${TMPDIR:-/tmp}, /tmp, /var/tmp" >&2; exit 8; }
section() { printf '\\n--- %s ---\\n' "$1"; }
${bringProgram('chmod')}
own=${quote(builds.own)} system=${quote(builds.system)} runs=${quote(builds.own === '' ? builds.systems.join(' ') : '')}
[ -n "$own" ] || { own=$(${instantiate} --eval -E builtins.currentSystem 2>"$tmp/said") || cat "$tmp/said" >&2; own=\${own#\\"} own=\${own%\\"}; }
[ -n "$system" ] || system=$own
${bringHeaders(builds.systems)}
derive() {
  drvs=$(${instantiate} ${args.join(' ')} --argstr system "$system" --argstr inputSystem "$1" \\
    --argstr runs "$own $runs" --argstr foreign "$foreign" --argstr sh "$sh" --argstr chmod "$tool" --argstr inputs "$inputs" \\
    --argstr library "$library" -E ${quote(expression)} 2>"$tmp/said") || { cat "$tmp/said" >&2; exit 8; }
}
realise() { ${builds.own === '' ? '' : 'TMPDIR=$tmp '}nix-store --realise "$@" ${builds.options.map(quote).join(' ')} --option substitute false ${keep} --keep-going; }
${builds.inputHere ? inputHere : 'derive "$system"'}
section apart
echo "$apart"
together='' index=0
for drv in $drvs; do
  case $apart in *" $index "*) ;; *) together="$together $drv" ;; esac
  index=$((index + 1))
done
show() { while IFS= read -r words || [ -n "$words" ]; do printf '%s\\n' "$words"; printf '%s\\n' "$words" >&2; done; }
# Nix's words are kept, and shown at once: where it hangs they are all that there is.
outs=$({ { realise $together 2>&1 >&3 3>&-; echo $? > "$tmp/ended"; } | show > "$tmp/together"; } 3>&1)
if [ "$(cat "$tmp/ended")" = 0 ]; then alone=$apart; else alone=all outs=''; fi
index=0 failed=
for drv in $drvs; do
  case $alone in
    all | *" $index "*)
      if said=$(realise "$drv" 2>&1); then
        [ "$index" != 0 ] || outs=$(nix-store --query --outputs "$drv")
      else
        case $apart in *" $index "*) ;; *) failed=$index ;; esac
        section "failed $index"
        printf '%s\\n' "$said"
      fi ;;
  esac
  index=$((index + 1))
done
# Its output was made, and then something went wrong (a post-build-hook): the second time there is nothing left to do.
if [ "$alone$failed" = all ]; then
  section 'failed 0'
  cat "$tmp/together"
fi
set -- $outs
[ $# -gt 0 ] || exit 1
section info
nix --extra-experimental-features nix-command path-info --json --option substitute false "$1" 2>&1
section result
[ ! -f "$1" ] || cat "$1"
`;
}

/** A build that prints one word takes less, on a busy machine too. */
const inputSeconds = 20;

const inputHere = `
derive "$own"
drv=$(nix-store --query --references "\${drvs%%
*}" | grep -e '-input[.]drv$')
section input
# A build here that does not end says nothing of the builder.
nix-store --realise "$drv" --max-jobs 1 --option builders '' --option substitute false ${keep} 2>&1 &
build=$!
{ PATH=$PATH:/bin:/usr/bin:/run/current-system/sw/bin sleep ${inputSeconds} && kill $build; } >/dev/null 2>&1 &
limit=$!
if wait $build 2>/dev/null; then echo built here; else
  derive "$system"
fi
kill $limit 2>/dev/null
`;
