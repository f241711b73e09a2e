import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { nixos, suiteSteps } from './suite.ts';

/*
 * Every option that a step of the suite prints for NixOS is evaluated by real Nix with the stand-in for nixpkgs that the hosts
 * of the profile nixos are made of. What a template is filled in with is a word here. That nix.conf and sshd_config take the
 * values is tried on hosts (test/fleet/nixos.test.ts, test/faults/nixos.test.ts).
 */
const word = 'x';
const standIn = resolve('test/fleet/profiles/nixos');

/** A NixOS configuration with one snippet more. Prints the error, or the number of files in /etc. */
function evaluate(folder: string, snippet: string): { status: number | null; stderr: string } {
  const file = join(folder, 'snippet.nix');
  writeFileSync(file, `{ config, lib, pkgs, ... }: {\n${snippet}\n}\n`);
  const { status, stderr } = spawnSync('nix-instantiate', ['--eval', '--strict', '--json', '-'], {
    input: `
      let
        lib = import ${standIn}/nixpkgs-stand-in/lib.nix;
        packages = builtins.mapAttrs (name: _: { type = "derivation"; inherit name; outPath = "/packages/\${name}"; });
        pkgs = packages (import ${standIn}/packages.nix // { nixos-rebuild-stand-in = 0; })
          // { inherit lib; nixVersion = "2.34"; sshdAuth = false; };
        config = lib.evalModules {
          inherit lib pkgs;
          options = import ${standIn}/nixpkgs-stand-in/options.nix { inherit lib pkgs; };
          modules = [ (import ${standIn}/nixpkgs-stand-in/modules.nix) ${folder}/host.nix ${file} ];
        };
      in builtins.deepSeq config._module.units builtins.length (builtins.attrValues (builtins.mapAttrs (_: { text, ... }: builtins.seq text 0) config.environment.etc))
        + builtins.deepSeq config.nix (builtins.deepSeq config.services (builtins.deepSeq config.programs (builtins.stringLength config._module.passwd)))`,
    encoding: 'utf8',
    env: { ...process.env, NIX_REMOTE: 'dummy://' },
  });
  return { status, stderr };
}

t.test(
  'the module set takes every option that the suite prints, and refuses what NixOS refuses',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'nixos-options-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, 'host.nix'),
      `{ services.openssh.enable = true; users.users.${word}.isNormalUser = true; }`,
    );
    const printed = new Map<string, string>();
    for (const { title, shown } of await suiteSteps(nixos)) {
      if (shown.module === undefined) continue;
      // A template within a text, and one that becomes a text.
      const snippet = shown.module
        .replaceAll(/"[^"\n]*\{\{[^"\n]*"|''[^]*?''/g, (text) => text.replaceAll(/\{\{.*?\}\}/g, word))
        .replaceAll(/\{\{.*?\}\}/g, `"${word}"`);
      printed.set(snippet, title);
    }
    t.ok(printed.size > 20, `${printed.size} options`);
    for (const [snippet, title] of printed) {
      const { status, stderr } = evaluate(folder, snippet);
      t.equal(status, 0, `${title}: ${snippet}\n${stderr}`);
    }
    for (const [snippet, words] of [
      ['nix.settngs.max-jobs = 3;', /does not exist/],
      ['services.openssh.settings.StrictModes = "yes";', /is not of type/],
      ['nix.settings.trusted-users = "x";', /is not of type/],
    ] as const)
      t.match(evaluate(folder, snippet).stderr, words, snippet);
  },
);
