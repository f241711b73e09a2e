# What NixOS and nix-darwin share: the options, and the commands made from them.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;

  # The words of one command. Who runs them does the quoting.
  words =
    cfg: command: own:
    [
      (lib.getExe cfg.package)
      command
    ]
    ++ own
    ++ lib.optionals cfg.readOnly [ "--read-only" ]
    ++ lib.concatMap (path: [
      "--spec"
      "${path}"
    ]) cfg.specs
    ++ lib.concatMap (host: [
      "--exclude"
      host
    ]) cfg.exclude
    ++ cfg.extraArgs;
in
{
  options = {
    enable = lib.mkEnableOption "the service that checks Nix's remote builders again and again";

    package = mkOption {
      type = types.package;
      default = pkgs.callPackage ./package.nix { };
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The nix-remote-builder-doctor to run.";
    };

    listen = mkOption {
      type = types.str;
      default = "127.0.0.1:9847";
      description = "Address and port of the page, /healthz, /metrics and /report.json.";
    };

    interval = mkOption {
      type = types.str;
      default = "5m";
      description = "Time from the end of a run to the next.";
    };

    readOnly = mkOption {
      type = types.bool;
      default = true;
      description = "Run only what changes nothing on this machine and on the builders.";
    };

    specs = mkOption {
      type = types.listOf types.path;
      default = [ ];
      example = lib.literalExpression "[ ./scenarios ]";
      description = "Scenarios of your own: files or folders. They are programs and run as root.";
    };

    exclude = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [ "mac-mini.example.org" ];
      description = "Builders that are not checked, by host or URI.";
    };

    extraArgs = mkOption {
      type = types.listOf types.str;
      default = [ ];
      example = [
        "--jobs"
        "4"
      ];
      description = "More arguments, one word each. They must be valid for `serve`, and for `check` where that runs too.";
    };
  };

  serve =
    cfg:
    words cfg "serve" [
      "--listen"
      cfg.listen
      "--interval"
      cfg.interval
    ];

  checkToFile =
    cfg: format: file:
    words cfg "check" [
      "--format"
      "${format}=${file}"
    ];
}
