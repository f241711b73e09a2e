# Stands in for nixpkgs' lib: a module system with the types, the priorities and the orders that modules.nix and a user's configuration need.
# As in nixpkgs, lists and lines of several modules are joined, other values must be equal, and an option that is not declared is refused.
let
  inherit (builtins)
    all
    attrNames
    concatLists
    concatMap
    concatStringsSep
    elem
    filter
    foldl'
    head
    isAttrs
    isBool
    isFloat
    isFunction
    isInt
    isList
    isString
    listToAttrs
    map
    mapAttrs
    sort
    toJSON
    ;
  tagged = _type: attrs: attrs // { inherit _type; };
  is = tag: value: isAttrs value && value._type or null == tag;

  # The values of a definition, without mkIf and mkMerge.
  discharge =
    value:
    if is "if" value then
      if value.condition then discharge value.content else [ ]
    else if is "merge" value then
      concatMap discharge value.contents
    else if is "override" value || is "order" value then
      map (content: (if isAttrs content && content ? content then content else { inherit content; }) // weight value) (
        discharge value.content
      )
    else
      [ value ];
  weight = value: { _weighed = true; } // removeAttrs value [ "_type" "content" ];
  weighed =
    value:
    { priority = 100; order = 1000; }
    // (if isAttrs value && value ? _weighed then value else { content = value; });

  # The values that count, in order.
  effective =
    values:
    let
      all = map weighed (concatMap discharge values);
      first = foldl' (least: { priority, ... }: if priority < least then priority else least) 10000 all;
    in
    map ({ content, ... }: content) (
      sort (a: b: a.order < b.order) (filter ({ priority, ... }: priority == first) all)
    );

  merge =
    at: type: values:
    let
      found = effective values;
    in
    if type ? whole then
      type.whole at found
    else if !all type.check found then
      throw "A definition for option `${at}' is not of type `${type.name}': ${toJSON (filter (value: !type.check value) found)}"
    else
      type.merge at found;

  # nixpkgs refuses values that differ. Here the last counts: who changes a configuration changes the line that is there.
  equal = _: lastOf;
  lastOf = list: builtins.elemAt list (builtins.length list - 1);

  simple = name: check: {
    inherit name check;
    merge = equal;
  };

  join =
    at: make: values:
    let
      names = attrNames (foldl' (sum: value: sum // value) { } values);
    in
    listToAttrs (
      map (name: {
        inherit name;
        value = make name (concatMap (value: if value ? ${name} then [ value.${name} ] else [ ]) values);
      }) names
    );

  dot = at: name: if at == "" then name else "${at}.${name}";

  option =
    at: declared: values:
    if !(is "option" declared) then
      merge at (types.submodule declared) values
    else if effective values != [ ] || declared.type ? options then
      merge at declared.type values
    else
      declared.default or (throw "The option `${at}' was accessed but has no value defined.");

  types = {
    bool = simple "boolean" isBool;
    int = simple "signed integer" isInt;
    str = simple "string" isString;
    number = simple "number" (value: isInt value || isFloat value);
    path = simple "absolute path" (value: isString value || builtins.isPath value || isAttrs value);
    package = simple "package" (value: isAttrs value && value ? outPath);
    anything = simple "anything" (_: true);
    enum = names: simple "one of ${toJSON names}" (value: elem value names);
    nullOr = type: {
      name = "null or ${type.name}";
      check = value: value == null || type.check value;
      merge = at: values: if elem null values then equal at values else merge at type values;
    };
    either = a: b: {
      name = "${a.name} or ${b.name}";
      check = value: a.check value || b.check value;
      merge = at: values: merge at (if all a.check values then a else b) values;
    };
    lines = {
      name = "strings concatenated with \"\\n\"";
      check = isString;
      merge = _: concatStringsSep "\n";
    };
    listOf = type: {
      name = "list of ${type.name}";
      check = isList;
      merge = at: values: map (value: merge "${at}.*" type [ value ]) (concatLists values);
    };
    attrsOf = type: {
      name = "attribute set of ${type.name}";
      check = isAttrs;
      merge = at: join at (name: merge (dot at name) type);
    };
    submodule = options: types.freeform null options;
    # Options that are declared, and others of that type.
    freeform = type: options: {
      name = "submodule";
      inherit options;
      check = isAttrs;
      merge =
        at: values:
        let
          given = join at (_: found: found) values;
          others = removeAttrs given (attrNames options);
        in
        if type == null && others != { } then
          throw "The option `${dot at (head (attrNames others))}' does not exist (or this stand-in for nixpkgs lacks it)."
        else
          mapAttrs (name: declared: option (dot at name) declared (given.${name} or [ ])) options
          // mapAttrs (name: merge (dot at name) type) others;
    };
  };

  override = priority: content: tagged "override" { inherit priority content; };
  ordered = order: content: tagged "order" { inherit order content; };
in
{
  inherit types;
  inherit (builtins) concatStringsSep concatMap attrNames attrValues;
  mkOption = tagged "option";
  mkIf = condition: content: tagged "if" { inherit condition content; };
  mkMerge = contents: tagged "merge" { inherit contents; };
  mkOverride = override;
  mkForce = override 50;
  mkDefault = override 1000;
  mkOptionDefault = override 1500;
  mkOrder = ordered;
  mkBefore = ordered 500;
  mkAfter = ordered 1500;
  optional = condition: value: if condition then [ value ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  optionalAttrs = condition: attrs: if condition then attrs else { };
  optionalString = condition: text: if condition then text else "";
  mapAttrsToList = f: attrs: map (name: f name attrs.${name}) (attrNames attrs);
  concatMapStrings = f: list: concatStringsSep "" (map f list);

  # The configuration that modules make together: attribute sets, functions of `config`, `lib` and `pkgs`, or files with either.
  evalModules =
    {
      options,
      modules,
      pkgs,
      lib,
    }:
    let
      config = merge "" (types.submodule options) (concatMap load modules);
      load =
        module:
        let
          made = if isFunction module then module { inherit config pkgs lib; } else module;
        in
        if builtins.isPath module || isString module then
          load (import module)
        else
          concatMap load (made.imports or [ ]) ++ [ (removeAttrs made [ "imports" ]) ];
    in
    config;
}
