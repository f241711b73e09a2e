/**
 * Which room of src/ may import which: only those above it in this list (ARCHITECTURE.md tells what each holds). No circle
 * of imports anywhere.
 */
const rooms = [
  'generated',
  'support',
  'machines',
  'routing',
  'transport',
  'system',
  'fix',
  'scenario',
  'report',
  'nix',
  'ssh',
  'connection',
  'probes',
  'engine',
  'setup',
  'cli',
  'enroll',
  'hook',
  'commands',
];

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-circle', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'only-listed-rooms',
      comment: 'every folder of src/ is in the list of .dependency-cruiser.js',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: `^src/(${rooms.join('|')})/` },
      to: {},
    },
    ...rooms.slice(0, -1).map((room, index) => ({
      name: `${room}-imports-from-below`,
      severity: 'error',
      from: { path: `^src/${room}/` },
      to: { path: `^src/(${rooms.slice(index + 1).join('|')}|[^/]+\\.ts$)` },
    })),
    {
      name: 'commands-stand-alone',
      comment: 'what two commands share is in src/cli/ or src/setup/',
      severity: 'error',
      from: { path: '^src/commands/([^/]+)' },
      to: { path: '^src/commands/', pathNot: '^src/commands/$1' },
    },
    {
      name: 'src-knows-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts)/' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
};
