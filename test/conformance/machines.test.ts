import fc from 'fast-check';
import pLimit from 'p-limit';
import { type Builder, parseMachines } from '../../src/machines/index.ts';
import { withEachHook } from '../machines/installed-hooks.ts';
import { askHook } from '../machines/real-hook.ts';
import { includedFiles, machinesText } from '../machines/texts.ts';

const system = 'x86_64-linux';
/** Other texts: `SEED=2 RUNS=5000`. */
const seed = Number(process.env['SEED'] ?? 1);
const texts = fc.sample(machinesText, { seed, numRuns: Number(process.env['RUNS'] ?? 500) });

withEachHook(`${texts.length} texts (seed ${seed}) are read as Nix reads them`, async (t, hook) => {
  const limit = pLimit(2);
  const compare = async (text: string): Promise<boolean> => {
    const { considered, table, errors } = await askHook(
      hook,
      {
        settings: { builders: text, system },
        amWilling: false,
        system: 'no-such-system',
        requiredFeatures: [],
        verbosity: 6,
      },
      includedFiles,
    );
    const read = parseMachines(text, { nixVersion: hook.version, system, readFile });
    const refused = read.diagnostics.some(({ severity }) => severity === 'error');
    const ours = refused
      ? 'refused'
      : read.builders.map((builder) => ({ uri: builder.uri, row: row(builder) }));
    const theirs =
      errors.length > 0
        ? 'refused'
        : considered.map((uri, index) => ({ uri, row: withoutBrackets(table[index] ?? '') }));
    return t.same(ours, theirs, JSON.stringify(text), { nix: errors, doctor: read.diagnostics });
  };
  await Promise.all(texts.map((text) => limit(() => compare(text))));
});

const refusedTexts: Readonly<Record<string, string>> = {
  'no URI': '- x86_64-linux',
  'a decimal number of jobs': 'h x86_64-linux - 1.5',
  'a word for a speed factor': 'h x86_64-linux - 1 fast',
  'a bare host key': 'h x86_64-linux - 1 1 - - ssh-ed25519 AAAA',
  'an include that includes itself': '@/mnt/loop',
};

withEachHook("an error holds Nix's own words, to search for", async (t, hook) => {
  for (const [name, text] of Object.entries(refusedTexts)) {
    const { errors } = await askHook(
      hook,
      {
        settings: { builders: text, system },
        amWilling: false,
        system: 'no-such-system',
        requiredFeatures: [],
      },
      includedFiles,
    );
    const { diagnostics } = parseMachines(text, { nixVersion: hook.version, system, readFile });
    // The last line is the error, those above a trace; the character in quotes is a torn escape.
    const said =
      errors[0]
        ?.split('\n')
        .at(-1)
        ?.trim()
        .replace(/^error: /, '')
        .replace(/: '.{0,2}'$/, '') ?? '';
    t.not(said, '', `Nix refuses ${name}`);
    t.ok(diagnostics[0]?.message.includes(said), name, { nix: said, doctor: diagnostics });
  }
});

/** As in Nix's table of builders. */
function row({ systems, maxJobs, supportedFeatures, mandatoryFeatures }: Builder): string {
  const [s, f, m] = [systems, supportedFeatures, mandatoryFeatures].map((list) => list.join(', '));
  return withoutBrackets(`(${s}, ${maxJobs}, ${f}, ${m})`);
}

/** Nix 2.12 and later put each list in brackets. */
function withoutBrackets(text: string): string {
  return text.replace(/[[\]]/g, '');
}

function readFile(path: string): string | null {
  if (path === '/mnt/store' || path === '/') throw new Error('EISDIR: it is a folder');
  const name = path.replace(/^(\/mnt\/|\.\/mnt\/|mnt\/)/, '');
  return name === path ? null : (includedFiles[name] ?? null);
}
