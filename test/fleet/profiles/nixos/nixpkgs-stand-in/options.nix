# The options of NixOS that these tests and the doctor's fixes set, with the types and the defaults that nixpkgs gives them.
{ lib, pkgs }:
let
  inherit (lib) mkOption types;
  option = type: default: mkOption { inherit type default; };
  must = type: mkOption { inherit type; };
  strings = types.listOf types.str;
  flag = option types.bool;
  atom = types.nullOr (types.either types.bool (types.either types.number (types.either types.str types.package)));
  names = types.nullOr strings;
  environment = types.attrsOf (types.nullOr (types.either types.str (types.either types.path types.number)));
  sections = types.attrsOf (types.either (types.listOf types.anything) atom);
  unit = {
    enable = flag true;
    description = option types.str "";
    wantedBy = option strings [ ];
    wants = option strings [ ];
    requires = option strings [ ];
    after = option strings [ ];
    before = option strings [ ];
    restartTriggers = option (types.listOf types.anything) [ ];
    unitConfig = option (types.attrsOf types.anything) { };
  };
in
{
  nix = {
    enable = flag true;
    package = option types.package pkgs.nix;
    nrBuildUsers = option types.int 32;
    envVars = option (types.attrsOf types.str) { };
    extraOptions = option types.lines "";
    checkConfig = flag true;
    distributedBuilds = flag false;
    settings = mkOption {
      type = types.freeform (types.either atom (types.listOf atom)) {
        max-jobs = option (types.either types.int (types.enum [ "auto" ])) "auto";
        auto-optimise-store = flag false;
        cores = option types.int 0;
        sandbox = option (types.either types.bool (types.enum [ "relaxed" ])) true;
        extra-sandbox-paths = option strings [ ];
        substituters = option strings [ ];
        trusted-substituters = option strings [ ];
        require-sigs = flag true;
        trusted-public-keys = option strings [ ];
        trusted-users = option strings [ ];
        system-features = option strings [ ];
        allowed-users = option strings [ "*" ];
      };
      default = { };
    };
    # services/misc/nix-ssh-serve.nix; hosts make no user nix-ssh of it.
    sshServe = {
      enable = flag false;
      write = flag false;
      trusted = flag false;
      protocol = option (types.enum [ "ssh" "ssh-ng" ]) "ssh";
      keys = option strings [ ];
    };
    buildMachines = option (types.listOf (
      types.submodule {
        hostName = must types.str;
        protocol = option (types.enum [ null "ssh" "ssh-ng" ]) "ssh";
        system = option (types.nullOr types.str) null;
        systems = option strings [ ];
        sshUser = option (types.nullOr types.str) null;
        sshKey = option (types.nullOr types.str) null;
        maxJobs = option types.int 1;
        speedFactor = option types.number 1;
        mandatoryFeatures = option strings [ ];
        supportedFeatures = option strings [ ];
        publicHostKey = option (types.nullOr types.str) null;
      }
    )) [ ];
  };
  # Hosts in namespaces have the kernel of the machine, and no udev: these are evaluated alone.
  boot = {
    kernelModules = option strings [ ];
    binfmt.emulatedSystems = option strings [ ];
  };
  services.timesyncd.enable = flag true;
  services.udev.extraRules = option types.lines "";
  services.openssh = {
    enable = flag false;
    package = option types.package pkgs.openssh;
    ports = option (types.listOf types.int) [ 22 ];
    openFirewall = flag true;
    allowSFTP = flag true;
    banner = option (types.nullOr types.lines) null;
    authorizedKeysInHomedir = flag true;
    authorizedKeysFiles = option strings [ ];
    listenAddresses = option (types.listOf (
      types.submodule {
        addr = must types.str;
        port = option (types.nullOr types.int) null;
      }
    )) [ ];
    hostKeys = option (types.listOf (types.attrsOf types.anything)) [
      {
        type = "rsa";
        bits = 4096;
        path = "/etc/ssh/ssh_host_rsa_key";
      }
      {
        type = "ed25519";
        path = "/etc/ssh/ssh_host_ed25519_key";
      }
    ];
    extraConfig = option types.lines "";
    settings = mkOption {
      type = types.freeform (types.nullOr (types.either types.bool (types.either types.number types.str))) {
        LogLevel = option types.str "INFO";
        UsePAM = flag true;
        UseDns = flag false;
        X11Forwarding = flag false;
        PasswordAuthentication = flag true;
        PermitRootLogin = option (types.enum [
          "yes"
          "without-password"
          "prohibit-password"
          "forced-commands-only"
          "no"
        ]) "prohibit-password";
        KbdInteractiveAuthentication = flag true;
        GatewayPorts = option types.str "no";
        StrictModes = flag true;
        PrintMotd = flag false;
        KexAlgorithms = option names [
          "mlkem768x25519-sha256"
          "sntrup761x25519-sha512"
          "sntrup761x25519-sha512@openssh.com"
          "curve25519-sha256"
          "curve25519-sha256@libssh.org"
          "diffie-hellman-group-exchange-sha256"
        ];
        Macs = option names [
          "hmac-sha2-512-etm@openssh.com"
          "hmac-sha2-256-etm@openssh.com"
          "umac-128-etm@openssh.com"
        ];
        Ciphers = option names [
          "chacha20-poly1305@openssh.com"
          "aes256-gcm@openssh.com"
          "aes128-gcm@openssh.com"
          "aes256-ctr"
          "aes192-ctr"
          "aes128-ctr"
        ];
        AllowUsers = option names null;
        DenyUsers = option names null;
        AllowGroups = option names null;
        DenyGroups = option names null;
      };
      default = { };
    };
  };
  programs.ssh = {
    package = option types.package pkgs.openssh;
    extraConfig = option types.lines "";
    knownHostsFiles = option (types.listOf types.path) [ ];
    knownHosts = option (types.attrsOf (
      types.submodule {
        certAuthority = flag false;
        hostNames = option names null;
        extraHostNames = option strings [ ];
        publicKey = option (types.nullOr types.str) null;
        publicKeyFile = option (types.nullOr types.path) null;
      }
    )) { };
  };
  users = {
    users = option (types.attrsOf (
      types.submodule {
        uid = option (types.nullOr types.int) null;
        isSystemUser = flag false;
        isNormalUser = flag false;
        group = option types.str "";
        extraGroups = option strings [ ];
        home = option (types.nullOr types.str) null;
        createHome = flag false;
        description = option types.str "";
        shell = option (types.nullOr types.anything) null;
        useDefaultShell = flag false;
        hashedPassword = option (types.nullOr types.str) null;
        openssh.authorizedKeys = {
          keys = option strings [ ];
          keyFiles = option (types.listOf types.path) [ ];
        };
      }
    )) { };
    groups = option (types.attrsOf (
      types.submodule {
        gid = option (types.nullOr types.int) null;
        members = option strings [ ];
      }
    )) { };
  };
  environment = {
    systemPackages = option (types.listOf types.package) [ ];
    variables = option (types.attrsOf types.str) { };
    sessionVariables = option (types.attrsOf types.str) { };
    etc = option (types.attrsOf (
      types.submodule {
        text = option (types.nullOr types.lines) null;
        source = option (types.nullOr types.path) null;
        mode = option types.str "symlink";
      }
    )) { };
  };
  networking = {
    hostName = option types.str "nixos";
    hosts = option (types.attrsOf strings) { };
    extraHosts = option types.lines "";
    firewall.allowedTCPPorts = option (types.listOf types.int) [ ];
  };
  systemd = {
    # Units of systemd's own that a system has.
    additionalUpstreamSystemUnits = option strings [ ];
    packages = option (types.listOf types.package) [ ];
    globalEnvironment = option environment { };
    defaultUnit = option types.str "multi-user.target";
    services = option (types.attrsOf (
      types.submodule (
        unit
        // {
          environment = option environment { };
          path = option (types.listOf types.package) [ ];
          preStart = option types.lines "";
          script = option types.lines "";
          restartIfChanged = flag true;
          stopIfChanged = flag true;
          serviceConfig = option sections { };
        }
      )
    )) { };
    sockets = option (types.attrsOf (
      types.submodule (
        unit
        // {
          listenStreams = option strings [ ];
          socketConfig = option sections { };
        }
      )
    )) { };
    tmpfiles.rules = option strings [ ];
  };
  # A program that runs as root for whoever starts it.
  security.wrappers = option (types.attrsOf types.path) { };
  # For default.nix.
  _module = option (types.attrsOf types.anything) { };
  system.stateVersion = option types.str "25.11";
}
