{
  lib,
  buildNpmPackage,
  importNpmLock,
  installShellFiles,
  makeWrapper,
  nodejs,
  openssh,
  # Where npm's packages come from, as https://HOST. Not needed once the lock file itself names it.
  npmRegistry ? null,
}:
let
  manifest = lib.importJSON ../package.json;
  lock = lib.importJSON ../package-lock.json;
  name = manifest.name;

  # The lock file names no registry, so that a mirror can be used; importNpmLock leaves out what has no address.
  # What comes is checked against the lock's hashes wherever it comes from.
  withAddress =
    path: entry:
    let
      package = entry.name or (lib.last (lib.splitString "node_modules/" path));
    in
    if path == "" || entry ? resolved then
      entry
    else if npmRegistry == null then
      throw "package-lock.json names no registry: see docs/nix.md"
    else
      entry
      // {
        resolved = "${npmRegistry}/${package}/-/${baseNameOf package}-${entry.version}.tgz";
      };
in
buildNpmPackage {
  pname = name;
  inherit (manifest) version;
  inherit nodejs;

  # Only what the build reads, so that a new test or page of the docs builds nothing again.
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../LICENSE
      ../bin
      ../contrib
      ../package-lock.json
      ../package.json
      ../reporters
      ../schemas
      ../scripts
      ../specs
      ../src
      ../tsconfig.json
    ];
  };

  npmDeps = importNpmLock {
    package = manifest;
    packageLock = lock // {
      packages = lib.mapAttrs withAddress lock.packages;
    };
  };
  inherit (importNpmLock) npmConfigHook;
  # As in .npmrc: no package may run code of its own while it is installed.
  npmRebuildFlags = [ "--ignore-scripts" ];

  nativeBuildInputs = [
    installShellFiles
    makeWrapper
  ];

  # PATH is only added to at its end: nix and ssh should be those that Nix itself uses here.
  postInstall = ''
    wrapProgram $out/bin/${name} --suffix PATH : ${
      lib.makeBinPath [
        openssh
        nodejs
      ]
    }
    installManPage contrib/man/${name}.1
    installShellCompletion \
      --bash contrib/completions/${name}.bash \
      --fish contrib/completions/${name}.fish \
      --zsh contrib/completions/_${name}
  '';

  doInstallCheck = true;
  installCheckPhase = ''
    runHook preInstallCheck
    $out/bin/${name} --version | grep -Fx ${manifest.version}
    $out/bin/${name} lint $out/lib/node_modules/${name}/specs
    runHook postInstallCheck
  '';

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = name;
    platforms = lib.platforms.unix;
  };
}
