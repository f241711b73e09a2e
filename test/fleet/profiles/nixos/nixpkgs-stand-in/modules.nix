# What NixOS's modules make of their options: the files of /etc, the users and the units of systemd. Written after
# nixos/modules/config/{nix,nix-remote-build,users-groups,shells-environment}.nix, services/system/nix-daemon.nix,
# services/networking/ssh/sshd.nix, programs/ssh.nix and security/pam.nix, as far as options.nix goes.
{
  config,
  lib,
  pkgs,
}:
let
  inherit (builtins) attrNames isBool isList mapAttrs readFile toString;
  inherit (lib) concatMapStrings concatStringsSep mapAttrsToList optional optionalString;
  inherit (config) nix users programs networking;
  sshd = config.services.openssh;
  text = value: if isBool value then (if value then "true" else "false") else toString value;
  lines = concatMapStrings (line: line + "\n");
  atLeast = version: builtins.compareVersions pkgs.nixVersion version >= 0;

  settings = {
    max-jobs = nix.settings.max-jobs;
    sandbox-fallback = false;
  }
  // (if nix.distributedBuilds then { } else { builders = null; })
  // nix.settings;
  isExtra = name: builtins.substring 0 6 name == "extra-";
  pairs =
    which:
    concatStringsSep "\n" (
      builtins.concatMap (name: optional (isExtra name == which) "${name} = ${text settings.${name}}") (attrNames settings)
    );

  machine =
    m:
    concatStringsSep " " [
      "${optionalString (m.protocol != null) "${m.protocol}://"}${optionalString (m.sshUser != null) "${m.sshUser}@"}${m.hostName}"
      (
        if m.system != null then
          m.system
        else if m.systems != [ ] then
          concatStringsSep "," m.systems
        else
          throw "At least one system type (via `system` or `systems`) must be set for every build machine: ${m.hostName}"
      )
      (if m.sshKey != null then m.sshKey else "-")
      (toString m.maxJobs)
      (toString m.speedFactor)
      (dashed (m.supportedFeatures ++ m.mandatoryFeatures))
      (dashed m.mandatoryFeatures)
      (if m.publicHostKey != null then m.publicHostKey else "-")
    ];
  dashed = list: if list == [ ] then "-" else concatStringsSep "," list;

  sshdValue =
    name: value:
    if isBool value then
      (if value then "yes" else "no")
    else if isList value then
      concatStringsSep (if builtins.match "(Allow|Deny)(Users|Groups)" name != null then " " else ",") value
    else
      toString value;
  sshdSettings = lines (
    builtins.concatMap (
      name: optional (sshd.settings.${name} != null) "${name} ${sshdValue name sshd.settings.${name}}"
    ) (attrNames sshd.settings)
  );
  authorizedKeysFiles =
    optional sshd.authorizedKeysInHomedir "%h/.ssh/authorized_keys"
    ++ [ "/etc/ssh/authorized_keys.d/%u" ]
    ++ sshd.authorizedKeysFiles;
  sshdConfig = ''
    Banner ${if sshd.banner == null then "none" else builtins.toFile "ssh_banner" sshd.banner}
    AddressFamily any
    ${lines (map (port: "Port ${toString port}") sshd.ports)}
    ${lines (
      map (one: "ListenAddress ${one.addr}${optionalString (one.port != null) ":${toString one.port}"}") sshd.listenAddresses
    )}
    ${optionalString sshd.allowSFTP "Subsystem sftp ${sshd.package}/libexec/sftp-server"}
    AuthorizedKeysFile ${toString authorizedKeysFiles}
    ${lines (map (key: "HostKey ${key.path}") sshd.hostKeys)}
  '';

  knownHost =
    name: host:
    optionalString host.certAuthority "@cert-authority "
    + concatStringsSep "," (if host.hostNames != null then host.hostNames else [ name ] ++ host.extraHostNames)
    + " "
    + (
      if (host.publicKey == null) == (host.publicKeyFile == null) then
        throw "knownHost ${name} must contain either a publicKey or publicKeyFile"
      else if host.publicKey != null then
        host.publicKey
      else
        readFile host.publicKeyFile
    );

  sessionPath = [ "/run/wrappers/bin" "/nix/var/nix/profiles/default/bin" "/run/current-system/sw/bin" ];
  variables = { PAGER = "less -R"; } // config.environment.variables // config.environment.sessionVariables // nix.envVars;

  # As nixos/modules/config/users-groups.nix checks and makes them; uid and gid come from the name where none is given.
  loginShell = "/run/current-system/sw/bin/bash";
  numbered = builtins.listToAttrs (
    builtins.genList (index: {
      name = builtins.elemAt (attrNames users.users) index;
      value = index;
    }) (builtins.length (attrNames users.users))
  );
  account =
    name: user:
    let
      checked =
        if name != "root" && user.isNormalUser == user.isSystemUser then
          throw "Exactly one of users.users.${name}.isSystemUser and users.users.${name}.isNormalUser must be set."
        else if name != "root" && user.isSystemUser && user.group == "" then
          throw "users.users.${name}.group is unset."
        else
          user;
      u = builtins.seq checked user;
    in
    {
      inherit name;
      uid = if u.uid != null then u.uid else (if u.isNormalUser then 1000 else 400) + numbered.${name};
      group = if u.group != "" then u.group else "users";
      home = if u.home != null then u.home else if u.isNormalUser then "/home/${name}" else "/var/empty";
      shell =
        if u.shell != null then
          (if builtins.isString u.shell then u.shell else "${u.shell}/bin/${u.shell.program or "bash"}")
        else if u.isNormalUser || u.useDefaultShell then
          loginShell
        else
          "${pkgs.shadow}/bin/nologin";
      password = if u.hashedPassword != null then u.hashedPassword else "!";
      inherit (u) description createHome isNormalUser;
    };
  accounts = mapAttrsToList account users.users;
  groupNames = attrNames users.groups;
  gid =
    name:
    let
      group = users.groups.${name} or (throw "there is no group ${name}: define users.groups.${name}");
      index = builtins.length (builtins.filter (other: other < name) groupNames);
    in
    if group.gid != null then group.gid else 500 + index;
  members =
    name:
    users.groups.${name}.members
    ++ builtins.filter (user: builtins.elem name users.users.${user}.extraGroups) (attrNames users.users);

  unit =
    name: service:
    let
      triggers = map toString service.restartTriggers;
      path = map (one: "${one}/bin") (
        service.path ++ [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused pkgs.systemd ]
      );
      environment = { PATH = concatStringsSep ":" path; } // service.environment;
      assign = key: value: map (one: "${key}=${text one}") (if isList value then value else [ value ]);
    in
    lines (
      [ "[Unit]" ]
      ++ optional (service.description != "") "Description=${service.description}"
      ++ optional (service.after != [ ]) "After=${toString service.after}"
      ++ optional (triggers != [ ]) "X-Restart-Triggers=${toString triggers}"
      ++ builtins.concatMap (key: assign key service.unitConfig.${key}) (attrNames service.unitConfig)
      ++ [ "[Service]" ]
      ++ builtins.concatMap (
        key: optional (environment.${key} != null) "Environment=\"${key}=${toString environment.${key}}\""
      ) (attrNames environment)
      ++ builtins.concatMap (key: assign key service.serviceConfig.${key}) (attrNames service.serviceConfig)
    );
  units = builtins.listToAttrs (
    map (name: {
      name = "systemd/system/${name}.service";
      value.text = unit name config.systemd.services.${name};
    }) (attrNames config.systemd.services)
  );
  # What starts a service where there is no systemd: the unit's environment and programs.
  start =
    _: service:
    let
      path = map (one: "${one}/bin") (
        service.path ++ [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused ]
      );
      environment = { PATH = concatStringsSep ":" path; } // service.environment;
      command = service.serviceConfig.ExecStart;
      named = builtins.match "@([^ ]+) ([^ ]+) (.*)" command;
    in
    lines (
      [ "# ${toString service.restartTriggers}" ]
      ++ builtins.concatMap (
        key: optional (environment.${key} != null) "export ${key}='${toString environment.${key}}'"
      ) (attrNames environment)
      ++ optional (service.serviceConfig ? ExecStartPre) service.serviceConfig.ExecStartPre
      ++ [
        (
          if named == null then
            "exec ${command}"
          else
            "exec -a ${builtins.elemAt named 1} ${builtins.elemAt named 0} ${builtins.elemAt named 2}"
        )
      ]
    );

  pam = rules: {
    text = lines rules;
  };
  module = name: "${pkgs.linux-pam}/lib/security/${name}.so";
in
{
  nix.settings = {
    trusted-users = [ "root" ];
    trusted-public-keys = [ "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=" ];
    substituters = lib.mkAfter [ "https://cache.nixos.org/" ];
    system-features = lib.mkDefault [
      "nixos-test"
      "benchmark"
      "big-parallel"
      "kvm"
    ];
    # What nixpkgs compiles into its Nix.
    sandbox-paths = lib.mkDefault [ "/bin/sh=${pkgs.busybox-sandbox-shell}/bin/busybox" ];
  };
  environment.systemPackages = with pkgs; [
    pkgs.nix
    bash
    coreutils
    findutils
    gnugrep
    gnused
    gnutar
    gawk
    gzip
    less
    procps
    util-linux
    hostname
    iproute2
    getent
    shadow
    linux-pam
    programs.ssh.package
    nixos-rebuild-stand-in
    systemctl-stand-in
    journalctl-stand-in
  ];
  users.users = {
    root = {
      uid = 0;
      group = "root";
      home = "/root";
      description = "System administrator";
      shell = lib.mkDefault loginShell;
    };
    nobody = {
      uid = 65534;
      isSystemUser = true;
      group = "nogroup";
      description = "Unprivileged account (don't use!)";
    };
    sshd = {
      isSystemUser = true;
      group = "sshd";
      description = "SSH privilege separation user";
    };
    messagebus = {
      uid = 4;
      isSystemUser = true;
      group = "messagebus";
    };
  }
  // builtins.listToAttrs (
    builtins.genList (index: {
      name = "nixbld${toString (index + 1)}";
      value = {
        description = "Nix build user ${toString (index + 1)}";
        uid = 30001 + index;
        isSystemUser = true;
        group = "nixbld";
        extraGroups = [ "nixbld" ];
      };
    }) nix.nrBuildUsers
  );
  users.groups = {
    root.gid = 0;
    wheel.gid = 1;
    kmem.gid = 2;
    tty.gid = 3;
    messagebus.gid = 4;
    disk.gid = 6;
    users.gid = 100;
    systemd-journal.gid = 62;
    utmp.gid = 29;
    nixbld.gid = 30000;
    nogroup.gid = 65534;
    sshd = { };
  };
  systemd.services = {
    nix-daemon = {
      description = "Nix Daemon";
      path = [ nix.package pkgs.util-linux programs.ssh.package ];
      environment = { CURL_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"; } // nix.envVars;
      restartTriggers = [ (builtins.toFile "nix.conf" config.environment.etc."nix/nix.conf".text) ];
      unitConfig = {
        RequiresMountsFor = [ "/nix/store" "/nix/var" "/nix/var/nix/db" ];
        ConditionPathIsReadWrite = "/nix/var/nix/daemon-socket";
      };
      serviceConfig = {
        ExecStart = "@${nix.package}/bin/nix-daemon nix-daemon --daemon";
        KillMode = "process";
        LimitNOFILE = 1048576;
        TasksMax = 1048576;
        Delegate = "yes";
        OOMScoreAdjust = 250;
        CPUSchedulingPolicy = "other";
        IOSchedulingClass = "best-effort";
        IOSchedulingPriority = 4;
      };
    };
  }
  // (
    if !sshd.enable then
      { }
    else
      {
        sshd = {
          description = "SSH Daemon";
          wantedBy = [ "multi-user.target" ];
          path = [ sshd.package pkgs.gawk ];
          restartTriggers = [ (builtins.toFile "sshd_config" config.environment.etc."ssh/sshd_config".text) ];
          serviceConfig = {
            ExecStartPre = concatStringsSep "; " (
              map (key: "[ -s ${key.path} ] || ssh-keygen -q -t ${key.type} -f ${key.path} -N \"\"") sshd.hostKeys
            );
            # nixpkgs compiles the paths of sshd's own programs in, and has no name of a distribution in the greeting.
            ExecStart = "${sshd.package}/bin/sshd -D -e -o DebianBanner=no -o SshdSessionPath=${sshd.package}/libexec/sshd-session ${
              optionalString pkgs.sshdAuth "-o SshdAuthPath=${sshd.package}/libexec/sshd-auth "
            }-f /etc/ssh/sshd_config";
            KillMode = "process";
            Restart = "always";
            Type = "simple";
          };
        };
      }
  );
  environment.etc = {
    "NIXOS".text = "";
    "os-release".text = ''
      ANSI_COLOR="0;38;2;126;186;228"
      BUG_REPORT_URL="https://github.com/NixOS/nixpkgs/issues"
      HOME_URL="https://nixos.org/"
      ID=nixos
      NAME=NixOS
      PRETTY_NAME="NixOS 25.11 (Xantusia)"
      VERSION="25.11 (Xantusia)"
      VERSION_CODENAME=xantusia
      VERSION_ID="25.11"
    '';
    "nix/nix.conf".text = ''
      # WARNING: this file is generated from the nix.* options in
      # your NixOS configuration, typically
      # /etc/nixos/configuration.nix.  Do not edit it!
      ${pairs false}
      ${pairs true}
      ${nix.extraOptions}
    '';
    "ssh/ssh_config".text = ''
      # Custom options from `extraConfig`, to override generated options
      ${programs.ssh.extraConfig}

      # Generated options from other settings
      Host *
      GlobalKnownHostsFile ${
        concatStringsSep " " ([ "/etc/ssh/ssh_known_hosts" ] ++ map (file: "${file}") programs.ssh.knownHostsFiles)
      }
      ForwardX11 no
    '';
    "ssh/ssh_known_hosts".text = concatStringsSep "\n" (mapAttrsToList knownHost programs.ssh.knownHosts) + "\n";
    "shells".text = ''
      ${loginShell}
      /bin/sh
    '';
    "hostname".text = networking.hostName + "\n";
    "nsswitch.conf".text = ''
      passwd: files
      group: files
      shadow: files
      hosts: files dns
    '';
    "set-environment".text = ''
      # DO NOT EDIT -- this file has been generated automatically.

      # Prevent this file from being sourced by child shells.
      export __NIXOS_SET_ENVIRONMENT_DONE=1
      ${lines (mapAttrsToList (name: value: "export ${name}=\"${value}\"") variables)}
      export PATH="$HOME/bin:$HOME/.nix-profile/bin:${concatStringsSep ":" sessionPath}"
      # nixos/modules/config/nix-channel.nix and programs/environment.nix: a user who may not write the database asks the daemon.
      if [ "$USER" != root -o ! -w /nix/var/nix/db ]; then
        export NIX_REMOTE=daemon
      fi
      export NIX_PATH="nixpkgs=/nix/var/nix/profiles/per-user/root/channels/nixos:nixos-config=/etc/nixos/configuration.nix"
    '';
    "profile".text = ''
      if [ -n "$__ETC_PROFILE_DONE" ]; then return; fi
      __ETC_PROFILE_DONE=1
      if [ -z "$__NIXOS_SET_ENVIRONMENT_DONE" ]; then
          . /etc/set-environment
      fi
    '';
    "bashrc".text = ''
      if [ -n "$__ETC_BASHRC_SOURCED" ]; then return; fi
      __ETC_BASHRC_SOURCED=1
      if [ -z "$__ETC_PROFILE_DONE" ]; then
          . /etc/profile
      fi
    '';
    "pam/environment".text = ''
      ${lines (mapAttrsToList (name: value: "${name}   DEFAULT=\"${value}\"") config.environment.sessionVariables)}
      PATH   DEFAULT="${concatStringsSep ":" ([ "@{HOME}/bin" "@{HOME}/.nix-profile/bin" ] ++ sessionPath)}"
    '';
    "pam.d/sshd" = pam [
      "account required ${module "pam_unix"}"
      "auth sufficient ${module "pam_unix"} likeauth try_first_pass"
      "auth required ${module "pam_deny"}"
      "password sufficient ${module "pam_unix"} nullok yescrypt"
      "session required ${module "pam_env"} conffile=/etc/pam/environment readenv=0"
      "session required ${module "pam_unix"}"
      "session required ${module "pam_loginuid"}"
    ];
    "pam.d/other" = pam [
      "auth required ${module "pam_deny"}"
      "account required ${module "pam_deny"}"
      "password required ${module "pam_deny"}"
      "session required ${module "pam_deny"}"
    ];
    "systemd/system/nix-daemon.socket".text = ''
      [Unit]
      Description=Nix Daemon Socket
      Before=multi-user.target
      RequiresMountsFor=/nix/store
      ConditionPathIsReadWrite=/nix/var/nix/daemon-socket

      [Socket]
      ListenStream=/nix/var/nix/daemon-socket/socket
    '';
  }
  // units
  // (if nix.buildMachines == [ ] then { } else { "nix/machines".text = lines (map machine nix.buildMachines); })
  // (
    if !sshd.enable then
      { }
    else
      {
        "ssh/sshd_config".text = sshdSettings + sshdConfig + sshd.extraConfig;
      }
      // builtins.listToAttrs (
        builtins.concatMap (
          name:
          let
            inherit (users.users.${name}.openssh.authorizedKeys) keys keyFiles;
          in
          optional (keys != [ ] || keyFiles != [ ]) {
            name = "ssh/authorized_keys.d/${name}";
            value = {
              # sshd refuses keys in a folder that a group may write to, which /nix/store is.
              mode = "0444";
              text = lines (keys ++ map readFile keyFiles);
            };
          }
        ) (attrNames users.users)
      )
  );
  _module = {
    start = mapAttrs start config.systemd.services;
    passwd = lines (
      map (
        a:
        "${a.name}:x:${toString a.uid}:${toString (gid a.group)}:${a.description}:${a.home}:${a.shell}"
      ) accounts
    );
    group = lines (map (name: "${name}:x:${toString (gid name)}:${concatStringsSep "," (members name)}") groupNames);
    shadow = lines (map (a: "${a.name}:${a.password}:1::::::") accounts);
    homes = builtins.concatMap (
      a: optional (a.isNormalUser || a.createHome) "${a.home} ${toString a.uid}:${toString (gid a.group)}"
    ) accounts;
  };
}
