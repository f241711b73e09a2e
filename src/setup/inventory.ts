import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Builder } from '../machines/builder.ts';
import { nixList, nixText } from '../machines/nix-text.ts';
import { errorLines } from '../scenario/error-lines.ts';
import type { Transport } from '../transport/transport.ts';
import { UserError } from '../support/user-error.ts';

/** Outputs of a flake that name hosts: NixOS, nix-darwin, Colmena, deploy-rs. */
const outputs = ['nixosConfigurations', 'darwinConfigurations', 'colmena', 'deploy.nodes'];

/** Names in a hive (Colmena, NixOps) that are no hosts. */
const noHosts = ['meta', 'defaults', 'network'];

/** Evaluating a flake fetches its inputs. */
const timeoutMs = 10 * 60_000;

/**
 * The builders whose host is in one of these inventories: a flake, or a hive.nix (a file, or a folder with one). A host
 * is meant by its whole name or by the part of it before the first dot. Throws {@link UserError}.
 */
export async function inInventory(
  builders: readonly Builder[],
  inventories: readonly string[],
  client: Transport,
  signal: AbortSignal,
): Promise<Builder[]> {
  const names = new Set<string>();
  for (const inventory of inventories)
    for (const name of await namesIn(inventory, client, signal)) names.add(name);
  const found = builders.filter(({ host }) => names.has(host) || names.has(host.split('.')[0] ?? ''));
  // Where Nix refuses the machines file there is no builder at all, which has a check of its own.
  if (found.length === 0 && builders.length > 0)
    throw new UserError(
      `nothing to check: no builder is in the inventory, which names ${[...names].join(', ') || 'no host'}`,
    );
  return found;
}

async function namesIn(inventory: string, client: Transport, signal: AbortSignal): Promise<string[]> {
  const hive = hiveOf(inventory);
  if (hive === null) return flakeNames(inventory, client, signal);
  const expression = `builtins.attrNames (removeAttrs (import ${nixText(hive)}) ${nixList(noHosts)})`;
  const { exitCode, stdout, stderr } = await client.run(
    ['nix-instantiate', '--eval', '--strict', '--json', '-E', expression],
    { timeoutMs, signal },
  );
  if (exitCode !== 0) throw refused(inventory, stderr);
  return JSON.parse(stdout) as string[];
}

/** The hive's file; null for what is a flake. */
function hiveOf(inventory: string): string | null {
  if (!existsSync(inventory)) return null;
  const path = resolve(inventory);
  if (!statSync(path).isDirectory()) return path;
  const hive = join(path, 'hive.nix');
  return existsSync(join(path, 'flake.nix')) || !existsSync(hive) ? null : hive;
}

async function flakeNames(flake: string, client: Transport, signal: AbortSignal): Promise<string[]> {
  const where = existsSync(flake) ? resolve(flake) : flake;
  const names: string[] = [];
  let found = false;
  for (const output of outputs) {
    const { exitCode, stdout, stderr } = await client.run(
      [
        ...['nix', '--extra-experimental-features', 'nix-command flakes', 'eval', '--json'],
        ...[`${where}#${output}`, '--apply', 'builtins.attrNames'],
      ],
      { timeoutMs, signal },
    );
    if (exitCode === 0) {
      found = true;
      names.push(...(JSON.parse(stdout) as string[]));
    } else if (!/does not provide attribute/.test(stderr)) throw refused(flake, stderr);
  }
  if (!found) throw new UserError(`--inventory ${flake}: it has none of ${outputs.join(', ')}`);
  return names;
}

function refused(inventory: string, stderr: string): UserError {
  return new UserError(`--inventory ${inventory}: ${errorLines(stderr) || 'Nix cannot read it'}`);
}
