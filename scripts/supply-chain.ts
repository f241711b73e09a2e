/**
 * `npm run supply-chain`: exact versions only, no dependency with an install script that is not known, no known
 * vulnerability of high severity, and a bill of materials that can be made.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Packages that have an install script, which .npmrc keeps from running: optional native parts that are not used. */
const knownScripts = new Set(['cpu-features', 'esbuild', 'fsevents', 'ssh2']);

interface Lock {
  packages: Record<
    string,
    { version?: string; hasInstallScript?: boolean; integrity?: string; link?: boolean }
  >;
}

const problems: string[] = [];
const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;
for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
  if (!/^\d+\.\d+\.\d+$/.test(version)) problems.push(`${name} has no exact version: ${version}`);

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
for (const [path, { hasInstallScript, integrity }] of Object.entries(packages)) {
  const name = path.split('node_modules/').at(-1) ?? '';
  if (path === '') continue;
  if (hasInstallScript === true && !knownScripts.has(name)) problems.push(`${name} brings an install script`);
  if (integrity === undefined) problems.push(`${name} has no integrity hash`);
}
if (!readFileSync('.npmrc', 'utf8').includes('ignore-scripts=true'))
  problems.push('.npmrc lets install scripts run');

const npm = (...args: string[]): { status: number | null; stdout: string } =>
  spawnSync('npm', args, { encoding: 'utf8', maxBuffer: 1e8 });
const bill = npm('sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only');
const parts =
  bill.status === 0 ? (JSON.parse(bill.stdout) as { components: unknown[] }).components.length : 0;
if (parts < Object.keys(dependencies).length) problems.push('npm sbom makes no whole bill of materials');

const audit = npm('audit', '--audit-level=high', '--json');
const found = JSON.parse(audit.stdout || '{}') as {
  metadata?: { vulnerabilities: Record<string, number> };
  message?: string;
};
if (found.metadata === undefined)
  process.stdout.write(`npm audit could not be asked here: ${found.message ?? 'no answer'}\n`);
else {
  const { high = 0, critical = 0 } = found.metadata.vulnerabilities;
  if (high + critical > 0)
    problems.push(`npm audit finds ${high} high and ${critical} critical vulnerabilities`);
}

for (const problem of problems) process.stdout.write(`${problem}\n`);
process.stdout.write(
  `${Object.keys(packages).length - 1} packages, ${parts} parts in the bill, ${problems.length} problems\n`,
);
process.exitCode = problems.length === 0 ? 0 : 1;
