# Stands in for nixpkgs where there is none: the functions that flake.nix and nix/ use, and no others. It is stricter than
# nixpkgs: every default is checked against its type, and two definitions of one value must be equal.
let
  inherit (builtins)
    all
    attrNames
    concatMap
    concatStringsSep
    elemAt
    filter
    foldl'
    fromJSON
    head
    isAttrs
    isBool
    isList
    isPath
    isString
    length
    listToAttrs
    mapAttrs
    match
    pathExists
    readFile
    removeAttrs
    replaceStrings
    split
    substring
    toJSON
    ;

  derivation = name: {
    type = "derivation";
    outPath = "/nix/store/00000000000000000000000000000000-${name}";
    inherit name;
    meta.mainProgram = name;
    meta.description = name;
  };

  typed = name: check: { inherit name check; };
  tagged = _type: attrs: attrs // { inherit _type; };
  is = tag: value: isAttrs value && value._type or null == tag;
  isDerivation = value: isAttrs value && value.type or null == "derivation";

  lib = {
    inherit concatMap mapAttrs;
    mkOption = tagged "option";
    mkEnableOption =
      what:
      lib.mkOption {
        type = lib.types.bool;
        default = false;
        description = "Whether to enable ${what}.";
      };
    mkIf = condition: content: tagged "if" { inherit condition content; };
    mkMerge = contents: tagged "merge" { inherit contents; };
    literalExpression = text: tagged "literalExpression" { inherit text; };
    types = {
      bool = typed "bool" isBool;
      str = typed "str" isString;
      path = typed "path" (value: isPath value || (isString value && substring 0 1 value == "/"));
      package = typed "package" isDerivation;
      int = typed "int" builtins.isInt;
      nullOr = type: typed "nullOr ${type.name}" (value: value == null || type.check value);
      submodule =
        { options }:
        typed "submodule" (
          value:
          isAttrs value
          && attrNames value == attrNames options
          && all (name: options.${name}.type.check value.${name}) (attrNames options)
        );
      listOf = type: typed "listOf ${type.name}" (value: isList value && all type.check value);
      strMatching =
        pattern: typed "strMatching ${pattern}" (value: isString value && match pattern value != null);
    };
    optionals = condition: list: if condition then list else [ ];
    optionalAttrs = condition: attrs: if condition then attrs else { };
    genAttrs =
      names: make:
      listToAttrs (
        map (name: {
          inherit name;
          value = make name;
        }) names
      );
    last = list: elemAt list (length list - 1);
    splitString = separator: text: filter isString (split separator text);
    importJSON = file: fromJSON (readFile file);
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
    makeBinPath = packages: concatStringsSep ":" (map (package: "${package}/bin") packages);
    licenses.mit = "mit";
    platforms.unix = [ "unix" ];
    fileset = {
      unions =
        files:
        map (
          file: if pathExists file then baseNameOf file else throw "${toString file} does not exist"
        ) files;
      toSource = { root, fileset }: fileset;
    };
  };

  utils.escapeSystemdExecArgs =
    words:
    concatStringsSep " " (map (word: replaceStrings [ "%" "$" ] [ "%%" "$$" ] (toJSON word)) words);

  checked =
    what: at: type: value:
    if type.check value then value else throw "the ${what} of ${at} is no ${type.name}";

  options =
    path: declared: given:
    let
      unknown = attrNames (removeAttrs given (attrNames declared));
    in
    if unknown != [ ] then
      throw "there is no option ${path}${head unknown}"
    else
      mapAttrs (
        name: option:
        let
          at = "${path}${name}";
        in
        if !(is "option" option) then
          options "${at}." option (given.${name} or { })
        else if given ? ${name} then
          checked "value" at option.type given.${name}
        else if option ? default then
          checked "default" at option.type option.default
        else
          throw "${at} was not given"
      ) declared;

  describe =
    path: declared:
    concatMap (
      name:
      let
        option = declared.${name};
        at = "${path}${name}";
      in
      if is "option" option then
        [
          (
            {
              name = at;
              type = option.type.name;
              described = isString option.description;
            }
            // lib.optionalAttrs (option ? default) {
              default = checked "default" at option.type option.default;
            }
          )
        ]
      else
        describe "${at}." option
    ) (attrNames declared);

  merge =
    a: b:
    if isAttrs a && isAttrs b && !(isDerivation a) then
      a // mapAttrs (name: value: if a ? ${name} then merge a.${name} value else value) b
    else if a == b then
      a
    else
      throw "defined twice: ${toJSON a} and ${toJSON b}";

  # What is left of mkIf and mkMerge.
  settle =
    value:
    if is "if" value then
      if value.condition then settle value.content else { }
    else if is "merge" value then
      foldl' merge { } (map settle value.contents)
    else if isAttrs value && !(isDerivation value) then
      mapAttrs (_: settle) value
    else
      value;

  callPackage =
    file: given:
    import file (given // {
      inherit lib;
      buildNpmPackage = package: derivation package.pname // package;
      importNpmLock = {
        __functor = _: arguments: arguments;
        npmConfigHook = "importNpmLock.npmConfigHook";
      };
      installShellFiles = derivation "installShellFiles";
      makeWrapper = derivation "makeWrapper";
      nodejs = derivation "nodejs";
      openssh = derivation "openssh";
    });
in
{
  # A module with the given values of its options, in a system with the given other settings.
  module =
    {
      file,
      given,
      system,
    }:
    let
      evaluated = import file {
        inherit lib utils;
        pkgs = {
          callPackage = _: { }: derivation "nix-remote-builder-doctor";
          writeText = _: text: text;
          runCommand = name: _: script: derivation (builtins.hashString "sha256" script + name);
          openssh = derivation "openssh";
        };
        config = {
          programs = { };
          services.nix-remote-builder-doctor = options "" declared given;
        }
        // system
        // {
          nix = {
            package = derivation "nix";
          }
          // system.nix or { };
        };
      };
      declared = evaluated.options.services.nix-remote-builder-doctor;
    in
    {
      declared = describe "" declared;
      config = settle evaluated.config;
    };

  package = file: removeAttrs (callPackage file { npmRegistry = "https://npm.example"; }) [ "outPath" ];

  packageWithoutRegistry = file: (callPackage file { }).npmDeps;

  flake =
    file:
    let
      flake = import file;
      self = flake.outputs {
        inherit self;
        nixpkgs = {
          inherit lib;
          legacyPackages = mapAttrs (_: isLinux: {
            inherit callPackage;
            mkShell = _: derivation "shell";
            stdenv.hostPlatform.isLinux = isLinux;
            testers.runNixOSTest = { name, ... }: derivation "vm-test";
          }) {
            x86_64-linux = true;
            aarch64-linux = true;
            x86_64-darwin = false;
            aarch64-darwin = false;
          };
        };
      };
    in
    self
    // {
      overlays = mapAttrs (_: overlay: attrNames (overlay { inherit callPackage; } { })) self.overlays;
      nixosModules = mapAttrs (_: toString) self.nixosModules;
      darwinModules = mapAttrs (_: toString) self.darwinModules;
      inputs = attrNames flake.inputs;
    };
}
