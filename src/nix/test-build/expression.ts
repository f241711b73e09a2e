/**
 * What the plain build does, as real builds do: it reads its input, runs a program that it wrote into the build
 * folder, enters that by its path, writes some MB there, and opens /dev/null. Only what every shell has built in, and chmod.
 * Where it sees the processes of the builder, it looks for a Nix's program that runs under `timeout`, as that of an account
 * which is tied to it may; the words come without what is between them.
 */
const plainScript = `
set -e
read -r line < "$input"
null=/dev/null
{ echo quiet > $null; } || { echo "doctor: /dev/null cannot be opened" >&2; exit 1; }
( cd "$TMPDIR" ) 2> /dev/null || { echo "doctor: the build folder cannot be entered: $TMPDIR" >&2; exit 1; }
printf '%4000000s' x > "$TMPDIR/some-megabytes"
echo 'echo ran' > ./written
$chmod +x ./written
ran=$(./written 2>&1) || true
case $ran in *[Pp]ermission*) echo "doctor: a program in the build folder cannot be run: $ran" >&2; exit 1 ;; esac
host=localhost
[ ! -r /proc/sys/kernel/hostname ] || read -r host < /proc/sys/kernel/hostname
sh=yes
[ -e /bin/sh ] || sh=no
limit=
for process in /proc/[0-9]*; do
  name=
  { read -r name < $process/comm; } 2> /dev/null || :
  case $name in timeout | gtimeout | busybox | coreutils) ;; *) continue ;; esac
  words=
  { read -r words < $process/cmdline; } 2> /dev/null || :
  case $words in *timeout*nix-daemon*--stdio* | *timeout*nix-store*--serve*) limit=$words ;; esac
done
echo "host=$host input=$line sh=$sh limit=$limit" > $out
`;

/**
 * The derivations in order: the plain one, which depends on an input for `inputSystem`; one for each of `systems`;
 * one for each of `features`. `runs` lists the systems whose builds can run `sh`. For another system Nix's own
 * builder takes its place. The build for one of `systems` then runs a file of `foreign` (see foreign.ts), and where there
 * is none for it, a program that does not exist: the builder must refuse the system itself.
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
  usual = for: script: if isOwn for then program script else none;
  build = what: for: how: more: derivation ({
    name = "\${name}-\${what}";
    system = for;
  } // how // more);
  input = build "input" inputSystem (usual inputSystem "echo \${name} > $out") { };
in
[ (build "plain" system (usual system ''${plainScript.replaceAll("''", "'''")}'') {
    inherit input;
    requiredSystemFeatures = words mandatory;
    manifest = input;
  }) ]
++ map ({ n, is }: build "system-\${toString n}" is (
    if fileFor is != [ ] then runsFile is
    else if isOwn is then program "echo > $out"
    else none // { builder = "/nowhere"; }
  ) { requiredSystemFeatures = words mandatory; }) (number (words systems))
++ map ({ n, is }: build "feature-\${toString n}" system (usual system (
    if is == "kvm" then "exec 3<> /dev/kvm && echo > $out" else "echo > $out"
  )) { requiredSystemFeatures = words mandatory ++ [ is ]; }) (number (words features))
`;
