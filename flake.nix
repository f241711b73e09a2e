{
  description = "Finds out why Nix does not build on your remote builders, and says what to type to mend it";

  # The last release that has x86_64-darwin.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      perSystem = make: lib.genAttrs systems (system: make system nixpkgs.legacyPackages.${system});
    in
    {
      packages = perSystem (
        _: pkgs: {
          default = pkgs.callPackage ./nix/package.nix { };
        }
      );

      apps = perSystem (
        system: _:
        let
          package = self.packages.${system}.default;
        in
        {
          default = {
            type = "app";
            program = lib.getExe package;
            meta = { inherit (package.meta) description; };
          };
        }
      );

      devShells = perSystem (
        _: pkgs: {
          default = pkgs.mkShell {
            packages = [
              pkgs.nix
              pkgs.nodejs
              pkgs.openssh
            ];
          };
        }
      );

      overlays.default = final: _: {
        nix-remote-builder-doctor = final.callPackage ./nix/package.nix { };
      };

      nixosModules.default = ./nix/nixos-module.nix;
      darwinModules.default = ./nix/darwin-module.nix;

      checks = perSystem (
        system: pkgs:
        {
          package = self.packages.${system}.default;
        }
        // lib.optionalAttrs pkgs.stdenv.hostPlatform.isLinux {
          nixos = pkgs.testers.runNixOSTest {
            name = "nix-remote-builder-doctor";
            nodes.machine = {
              imports = [ self.nixosModules.default ];
              services.nix-remote-builder-doctor = {
                enable = true;
                textfile.enable = true;
                textfile.directory = "/var/lib/textfiles";
              };
              nix.buildMachines = [
                {
                  hostName = "builder.invalid";
                  system = pkgs.stdenv.hostPlatform.system;
                }
              ];
              nix.distributedBuilds = true;
            };
            testScript = ''
              machine.wait_for_unit("nix-remote-builder-doctor.service")
              machine.wait_until_succeeds("curl -fsS http://127.0.0.1:9847/metrics | grep builder.invalid")
              machine.succeed("systemctl start nix-remote-builder-doctor-textfile.service")
              machine.succeed("grep builder.invalid /var/lib/textfiles/nix-remote-builders.prom")
            '';
          };
        }
      );
    };
}
