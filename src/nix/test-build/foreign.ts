interface Elf {
  machine: number;
  bits: 32 | 64;
  bigEndian?: true;
  flags?: number;
}

/** By the processor in Nix's name of a system: e_machine and what else tells its programs apart (elf.h). */
const processors: Readonly<Record<string, Elf>> = {
  i686: { machine: 3, bits: 32 },
  x86_64: { machine: 62, bits: 64 },
  armv5tel: { machine: 40, bits: 32, flags: 0x5000200 },
  armv6l: { machine: 40, bits: 32, flags: 0x5000400 },
  armv7l: { machine: 40, bits: 32, flags: 0x5000400 },
  aarch64: { machine: 183, bits: 64 },
  riscv64: { machine: 243, bits: 64 },
  powerpc64le: { machine: 21, bits: 64, flags: 2 },
  s390x: { machine: 22, bits: 64, bigEndian: true },
  loongarch64: { machine: 258, bits: 64 },
};

const executable = 2;
const interpreterHeader = 3;

/** Of the program that should load it; a folder, so that nothing does. */
const loader = '/\0';

/**
 * A file that begins as programs of a system do, and holds none: a kernel that runs such programs says that its loader may
 * not be run, or starts the emulator, which complains. One that cannot run them says "Exec format error".
 * Empty where the beginning is not known.
 */
export function headerOf(system: string): Uint8Array {
  const [processor = '', kernel] = system.split('-');
  const elf = processors[processor];
  if (elf === undefined || kernel !== 'linux') return new Uint8Array();
  const wide = elf.bits === 64;
  const [headerSize, entrySize] = wide ? [64, 56] : [52, 32];
  const little = elf.bigEndian !== true;
  const bytes = new Uint8Array(headerSize + entrySize + loader.length);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number): void =>
    wide ? view.setBigUint64(at, BigInt(value), little) : view.setUint32(at, value, little);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  view.setUint16(16, executable, little);
  view.setUint16(18, elf.machine, little);
  view.setUint32(20, 1, little);
  word(wide ? 32 : 28, headerSize);
  view.setUint32(wide ? 48 : 36, elf.flags ?? 0, little);
  view.setUint16(wide ? 52 : 40, headerSize, little);
  view.setUint16(wide ? 54 : 42, entrySize, little);
  view.setUint16(wide ? 56 : 44, 1, little);
  view.setUint32(headerSize, interpreterHeader, little);
  const at = headerSize + entrySize;
  word(headerSize + (wide ? 8 : 4), at);
  word(headerSize + (wide ? 32 : 16), loader.length);
  word(headerSize + (wide ? 40 : 20), loader.length);
  bytes.set(Buffer.from(loader), at);
  return bytes;
}

/** For `printf`, which every shell has. */
function octal(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/**
 * Shell that sets `foreign`, to `SYSTEM=STORE-PATH` for each promised system that is not the machine's own, and `apart`, to
 * the places of their builds, which cannot succeed. Reads `own`, `name` and `tmp`.
 */
export function bringHeaders(systems: readonly string[]): string {
  const calls = systems.flatMap((system, index) => {
    const header = octal(headerOf(system));
    return header === '' ? [] : [`bring ${index + 1} '${system}' '${header}'`];
  });
  return `
foreign='' apart=''
bring() {
  [ "$2" != "$own" ] || return 0
  printf "$3" > "$tmp/$name-header-$2"
  chmod 755 "$tmp/$name-header-$2"
  foreign="$foreign $2=$(nix-store --add "$tmp/$name-header-$2" --option min-free 0)"
  apart="$apart $1 "
}
${calls.join('\n')}
`;
}

/** Words of Nix's own, where it cannot start a program; Nix 2.8 writes them as it keeps them, with the kind in front. */
const notStarted = /^[\s>]*(error: (?!builder |build |cannot build )|ErrorError)/im;

/** Nix's own words, where it does not take the build at all. */
const refused = /[Rr]equired system|is required to build|missing system features|platform mismatch/;

/** What stands before the words of the builder, where the build was sent away. */
const sentAway = /^\s*error: build of '[^']*' on '[^']*' failed: /gm;

/** Whether the words of such a build say that the program was started. */
export function wasStarted(words: string): boolean {
  if (/executing '[^']*': Permission denied/.test(words)) return true;
  if (refused.test(words)) return false;
  return /failed (with exit code|due to signal)/.test(words) && !notStarted.test(words.replace(sentAway, ''));
}
