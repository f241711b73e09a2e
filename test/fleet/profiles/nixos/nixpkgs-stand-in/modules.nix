# What NixOS's modules make of their options: the files of /etc, the users and the units of systemd. Written after
# nixos/modules/config/{nix,nix-remote-build,users-groups,shells-environment}.nix, services/system/nix-daemon.nix,
# services/networking/ssh/sshd.nix, programs/ssh.nix and security/pam.nix, as far as options.nix goes.
{
  config,
  lib,
  pkgs,
}:
let
  inherit (builtins) attrNames isBool isList readFile replaceStrings toString;
  inherit (lib)
    concatMap
    concatMapStrings
    concatStringsSep
    mapAttrsToList
    optional
    optionalAttrs
    optionalString
    ;
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
      concatMap (name: optional (isExtra name == which) "${name} = ${text settings.${name}}") (attrNames settings)
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
    concatMap (
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

  # As nixos/lib/systemd-lib.nix and systemd-unit-options.nix write them.
  assign = key: value: map (one: "${key}=${text one}") (if isList value then value else [ value ]);
  section = attrs: lines (concatMap (key: assign key attrs.${key}) (attrNames attrs));
  unitSection =
    unit:
    "[Unit]\n"
    + section (
      optionalAttrs (unit.description != "") { Description = unit.description; }
      // listed "After" unit.after
      // listed "Before" unit.before
      // listed "Wants" unit.wants
      // listed "Requires" unit.requires
      // listed "X-Restart-Triggers" unit.restartTriggers
      // unit.unitConfig
    );
  listed = key: list: optionalAttrs (list != [ ]) { ${key} = toString list; };
  job =
    name: what: text:
    "${pkgs.bash}/bin/bash -e ${builtins.toFile "unit-script-${name}-${what}" text}";
  service =
    name: unit:
    let
      path = unit.path ++ [ pkgs.coreutils pkgs.findutils pkgs.gnugrep pkgs.gnused pkgs.systemd ];
      environment =
        {
          PATH = concatStringsSep ":" (map (one: "${one}/bin") path ++ map (one: "${one}/sbin") path);
        }
        // config.systemd.globalEnvironment
        // unit.environment;
    in
    unitSection unit
    + "\n[Service]\n"
    + lines (
      concatMap (
        key: optional (environment.${key} != null) "Environment=${builtins.toJSON "${key}=${toString environment.${key}}"}"
      ) (attrNames environment)
      ++ optional (!unit.restartIfChanged) "X-RestartIfChanged=false"
      ++ optional (!unit.stopIfChanged) "X-StopIfChanged=false"
    )
    + section (
      optionalAttrs (unit.preStart != "") { ExecStartPre = job name "pre-start" unit.preStart; }
      // optionalAttrs (unit.script != "") { ExecStart = job name "start" unit.script; }
      // unit.serviceConfig
    );
  socket =
    _: unit:
    unitSection unit
    + "\n[Socket]\n"
    + section unit.socketConfig
    + lines (map (stream: "ListenStream=${stream}") unit.listenStreams);
  unitsOf =
    kind: write: units:
    mapAttrsToList (name: unit: {
      name = "${name}.${kind}";
      file = if unit.enable then builtins.toFile "unit-${replaceStrings [ "@" ] [ "-" ] name}.${kind}" (write name unit) else "/dev/null";
      inherit (unit) wantedBy;
    }) units;

  pam = rules: {
    text = lines rules;
  };
  module = name: "${pkgs.linux-pam}/lib/security/${name}.so";
  login = [
    "account required ${module "pam_unix"}"
    "auth sufficient ${module "pam_unix"} likeauth try_first_pass"
    "auth required ${module "pam_deny"}"
    "password sufficient ${module "pam_unix"} nullok yescrypt"
    "session required ${module "pam_env"} conffile=/etc/pam/environment readenv=0"
    "session required ${module "pam_unix"}"
  ];
  # What startSession adds.
  session = [ "session optional ${pkgs.systemd}/lib/security/pam_systemd.so" ];
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
    sudo
    systemd
    dbus
    nixos-rebuild-stand-in
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
    systemd-network = {
      uid = 152;
      isSystemUser = true;
      group = "systemd-network";
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
    systemd-network.gid = 152;
    utmp.gid = 29;
    nixbld.gid = 30000;
    nogroup.gid = 65534;
    sshd = { };
  };
  # As nixos/modules/system/boot/systemd.nix, without what a container has no use for: udev, consoles, mounts, the kernel's settings.
  systemd.additionalUpstreamSystemUnits = [
    "basic.target"
    "sysinit.target"
    "sockets.target"
    "graphical.target"
    "multi-user.target"
    "network.target"
    "network-pre.target"
    "network-online.target"
    "nss-lookup.target"
    "nss-user-lookup.target"
    "time-sync.target"
    "timers.target"
    "paths.target"
    "slices.target"
    "local-fs.target"
    "local-fs-pre.target"
    "remote-fs.target"
    "swap.target"
    "getty.target"
    "rescue.target"
    "emergency.target"
    "shutdown.target"
    "umount.target"
    "final.target"
    "exit.target"
    "poweroff.target"
    "reboot.target"
    "halt.target"
    "user.slice"
    "machine.slice"
    "systemd-logind.service"
    "systemd-user-sessions.service"
    "user@.service"
    "user@.service.d"
    "user@0.service.d"
    "user-runtime-dir@.service"
    "user-.slice.d"
    "systemd-journald.socket"
    "systemd-journald-dev-log.socket"
    "systemd-journald.service"
    "systemd-journal-flush.service"
    "systemd-tmpfiles-setup.service"
    "systemd-tmpfiles-clean.service"
    "systemd-tmpfiles-clean.timer"
    "systemd-exit.service"
    "systemd-poweroff.service"
    "systemd-reboot.service"
    "systemd-halt.service"
  ];
  systemd.packages = [ nix.package pkgs.dbus ];
  systemd.globalEnvironment = {
    LOCALE_ARCHIVE = "/run/current-system/sw/lib/locale/locale-archive";
    TZDIR = "/etc/zoneinfo";
  };
  systemd.sockets = {
    nix-daemon.wantedBy = [ "sockets.target" ];
    dbus.wantedBy = [ "sockets.target" ];
  };
  systemd.services = {
    nix-daemon = {
      path = [ nix.package pkgs.util-linux programs.ssh.package ] ++ lib.optionals nix.distributedBuilds [ pkgs.gzip ];
      environment = { CURL_CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"; } // nix.envVars;
      unitConfig.RequiresMountsFor = "/nix/store";
      serviceConfig = {
        CPUSchedulingPolicy = "other";
        IOSchedulingClass = "best-effort";
        IOSchedulingPriority = 4;
        LimitNOFILE = 1048576;
      };
      restartTriggers = [ (builtins.toFile "nix.conf" config.environment.etc."nix/nix.conf".text) ];
      stopIfChanged = false;
    };
    dbus = {
      restartIfChanged = false;
      wantedBy = [ "multi-user.target" ];
    };
  }
  // optionalAttrs sshd.enable {
    sshd-keygen = {
      description = "SSH Host Keys Generation";
      before = [ "sshd.service" ];
      path = [ sshd.package ];
      serviceConfig.Type = "oneshot";
      script = concatMapStrings (key: ''
        if ! [ -s "${key.path}" ]; then
          if ! [ -h "${key.path}" ]; then rm -f "${key.path}"; fi
          mkdir -p "$(dirname "${key.path}")"
          chmod 0755 "$(dirname "${key.path}")"
          ssh-keygen -t "${key.type}" ${optionalString (key ? bits) "-b ${toString key.bits}"} -f "${key.path}" -N ""
        fi
      '') sshd.hostKeys;
    };
    sshd = {
      description = "SSH Daemon";
      wantedBy = [ "multi-user.target" ];
      after = [ "network.target" "sshd-keygen.service" ];
      wants = [ "sshd-keygen.service" ];
      stopIfChanged = false;
      path = [ sshd.package ];
      restartTriggers = [ (builtins.toFile "sshd_config" config.environment.etc."ssh/sshd_config".text) ];
      serviceConfig = {
        Type = "notify";
        Restart = "always";
        # nixpkgs compiles the paths of sshd's own programs in, and has no name of a distribution in the greeting.
        ExecStart = "${sshd.package}/bin/sshd -D -e -o DebianBanner=no -o SshdSessionPath=${sshd.package}/libexec/sshd-session ${
          optionalString pkgs.sshdAuth "-o SshdAuthPath=${sshd.package}/libexec/sshd-auth "
        }-f /etc/ssh/sshd_config";
        KillMode = "process";
      };
    };
  };
  systemd.tmpfiles.rules = [
    "d /nix/var/nix/daemon-socket 0755 root root - -"
  ]
  ++ optional (atLeast "2.30") "d /nix/var/nix/builds 0755 root root 7d -";
  security.wrappers = {
    sudo = "${pkgs.sudo}/bin/sudo";
    unix_chkpwd = "${pkgs.linux-pam}/bin/unix_chkpwd";
  };
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
    "pam.d/sshd" = pam (login ++ [ "session required ${module "pam_loginuid"}" ] ++ session);
    "pam.d/systemd-user" = pam (login ++ session);
    "pam.d/sudo" = pam login;
    "pam.d/other" = pam [
      "auth required ${module "pam_deny"}"
      "account required ${module "pam_deny"}"
      "password required ${module "pam_deny"}"
      "session required ${module "pam_deny"}"
    ];
    "systemd/system.conf".text = ''
      [Manager]
      ManagerEnvironment="PATH=${pkgs.util-linux}/bin"
    '';
    "systemd/journald.conf".text = ''
      [Journal]
      Storage=persistent
      RateLimitInterval=30s
      RateLimitBurst=10000
    '';
    "systemd/logind.conf".text = ''
      [Login]
      KillUserProcesses=no
    '';
    "tmpfiles.d/00-nixos.conf".text = lines config.systemd.tmpfiles.rules;
    "dbus-1/system.conf".text = ''
      <busconfig>
        <includedir>${pkgs.systemd}/share/dbus-1/system.d</includedir>
      </busconfig>
    '';
    # sudo refuses a file that is not its own user's alone. nixpkgs compiles the paths of its parts in.
    "sudoers" = {
      mode = "0440";
      text = ''
        # Don't edit this file. Set the NixOS options ‘security.sudo.configFile’
        # or ‘security.sudo.extraRules’ instead.
        Defaults env_keep+=SSH_AUTH_SOCK
        root     ALL=(ALL:ALL)    SETENV: ALL
        %wheel  ALL=(ALL:ALL)    SETENV: ALL
      '';
    };
    "sudo.conf".text = ''
      Plugin sudoers_policy ${pkgs.sudo}/libexec/sudo/sudoers.so
      Plugin sudoers_io ${pkgs.sudo}/libexec/sudo/sudoers.so
      Plugin sudoers_audit ${pkgs.sudo}/libexec/sudo/sudoers.so
      Path plugin_dir ${pkgs.sudo}/libexec/sudo/
      Path noexec ${pkgs.sudo}/libexec/sudo/sudo_noexec.so
      Path sesh ${pkgs.sudo}/libexec/sudo/sesh
    '';
  }
  // (if nix.buildMachines == [ ] then { } else { "nix/machines".text = lines (map machine nix.buildMachines); })
  // (
    if !sshd.enable then
      { }
    else
      {
        "ssh/sshd_config".text = sshdSettings + sshdConfig + sshd.extraConfig;
      }
      // builtins.listToAttrs (
        concatMap (
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
    units =
      unitsOf "service" service config.systemd.services
      ++ unitsOf "socket" socket config.systemd.sockets;
    passwd = lines (
      map (
        a:
        "${a.name}:x:${toString a.uid}:${toString (gid a.group)}:${a.description}:${a.home}:${a.shell}"
      ) accounts
    );
    group = lines (map (name: "${name}:x:${toString (gid name)}:${concatStringsSep "," (members name)}") groupNames);
    shadow = lines (map (a: "${a.name}:${a.password}:1::::::") accounts);
    homes = concatMap (
      a: optional (a.isNormalUser || a.createHome) "${a.home} ${toString a.uid}:${toString (gid a.group)}"
    ) accounts;
  };
}
