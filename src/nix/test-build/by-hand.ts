import { quoteIfNeeded } from '../../support/shell-quote.ts';

interface Build {
  system: string;
  /** It requires this one; empty: none. */
  feature: string;
  /** The entry alone that it is sent to; null: it is built where it is asked for. */
  entry: string | null;
}

const noSubstitutes = '--no-out-link --option substitute false';

/** The test build that failed, as a command to type: simpler, with an input that is built here first. */
export function buildByHand({ system, feature, entry }: Build): string {
  const features = feature === '' ? '' : ` requiredSystemFeatures = [ "${feature}" ];`;
  const nonce = 'name = "try-${toString builtins.currentTime}";';
  const own = `derivation { ${nonce} system = ${system === '' ? 'builtins.currentSystem' : `"${system}"`};${features}`;
  if (entry === null)
    return `nix-build ${noSubstitutes} -E '${own} builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }'`;
  const input = `derivation { ${nonce} system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo > $out" ]; }`;
  return `input=$(nix-build ${noSubstitutes} --max-jobs 1 --option builders '' -E '${input}') &&
nix-build ${noSubstitutes} --max-jobs 0 --option builders ${quoteIfNeeded(entry)} --argstr input "$input" -E '{ input }: ${own} input = builtins.storePath input; builder = "/bin/sh"; args = [ "-c" "read line < $input || :; echo > $out" ]; }'`;
}
