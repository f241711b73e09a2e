/**
 * What the plain build does, as real builds do: it reads its input, runs a program that it wrote into the build
 * folder, enters that by its path, writes some MB there, and opens /dev/null. Only what every shell has built in, and chmod.
 */
const plainScript = `
set -e
read -r line < "$input"
{ echo quiet > /dev/null; } || { echo "doctor: /dev/null cannot be opened" >&2; exit 1; }
( cd "$TMPDIR" ) 2> /dev/null || { echo "doctor: the build folder cannot be entered: $TMPDIR" >&2; exit 1; }
printf '%4000000s' x > "$TMPDIR/some-megabytes"
echo 'echo ran' > ./written
$chmod +x ./written
ran=$(./written 2>&1) || true
case $ran in *[Pp]ermission*) echo "doctor: a program in the build folder cannot be run: $ran" >&2; exit 1 ;; esac
host=localhost
[ ! -r /proc/sys/kernel/hostname ] || read -r host < /proc/sys/kernel/hostname
echo "host=$host input=$line" > $out
`;

/**
 * The derivations in order: the plain one, which depends on an input for `inputSystem`; one for each of `systems`;
 * one for each of `features`. `runs` lists the systems whose builds can run `sh`. For another system Nix's own
 * builder takes its place, and a program that does not exist where the builder must refuse the system itself. `foreign`
 * has files to run for systems that are not this machine's own (see foreign.ts).
 */
export const expression = `
{ name, system, inputSystem, runs, foreign, systems, features, mandatory, sh, chmod, inputs, library }:
let
  words = text: builtins.filter (word: builtins.isString word && word != "") (builtins.split " " text);
  number = list: builtins.genList (n: { inherit n; is = builtins.elemAt list n; }) (builtins.length list);
  shell = words sh;
  fileFor = for:
    builtins.concatLists (builtins.filter (found: found != null) (map (builtins.match "\${for}=(.*)") (words foreign)));
  runsFile = for: { builder = builtins.storePath (builtins.head (fileFor for)); };
  isOwn = for: builtins.elem for (words runs);
  program = script: {
    inherit chmod;
    paths = map builtins.storePath (words inputs);
    builder = builtins.head shell;
    args = builtins.tail shell ++ [ "-c" script ];
    \${if library == "" then null else "LD_LIBRARY_PATH"} = library;
  };
  none = { builder = "builtin:buildenv"; derivations = ""; manifest = "/nowhere"; };
  build = what: for: script: more: derivation ({
    name = "\${name}-\${what}";
    system = for;
  } // (if fileFor for != [ ] then runsFile for else if isOwn for then program script else none) // more);
  input = build "input" inputSystem "echo \${name} > $out" { };
in
[ (build "plain" system ''${plainScript.replaceAll("''", "'''")}'' {
    inherit input;
    requiredSystemFeatures = words mandatory;
    manifest = input;
  }) ]
++ map ({ n, is }: build "system-\${toString n}" is "echo > $out" (
    { requiredSystemFeatures = words mandatory; }
    // (if isOwn is || fileFor is != [ ] then { } else { builder = "/nowhere"; })
  )) (number (words systems))
++ map ({ n, is }: build "feature-\${toString n}" system (
    if is == "kvm" then "exec 3<> /dev/kvm && echo > $out" else "echo > $out"
  ) { requiredSystemFeatures = words mandatory ++ [ is ]; }) (number (words features))
`;
