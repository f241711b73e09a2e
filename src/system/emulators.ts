/** One that the kernel starts for programs of another processor (binfmt_misc). */
interface Emulator {
  name: string;
  path: string;
  /** Whether the file exists. */
  there: boolean;
  /** Whether the kernel holds it open (flag F), so that it runs where the file is not to be seen, as in a sandbox. */
  heldOpen: boolean;
}

/**
 * Shell that lists what binfmt_misc holds: `listed` where the list can be read at all (in a container it often cannot,
 * although it holds there too), then a line for each that is enabled: flags, there or gone, name, path.
 */
export const listEmulators = `
section binfmt
cd /proc/sys/fs/binfmt_misc 2>/dev/null && [ -e status ] && echo listed && for handler in *; do
  enabled='' interpreter='' flags=''
  [ "$handler" = register ] || while read -r key value; do
    case $key in enabled) enabled=yes ;; interpreter) interpreter=$value ;; flags:) flags=$value ;; esac
  done < "$handler"
  there=gone
  [ ! -e "$interpreter" ] || there=there
  [ -z "$enabled" ] || [ -z "$interpreter" ] || echo "flags=$flags $there $handler $interpreter"
done`;

/** What a kernel lacks to run programs of systems that are not its own. Empty texts where it lacks nothing. */
export interface Emulation {
  /** Systems for which no emulator is registered, as a text. */
  notEmulated: string;
  /** The first system with something wrong. */
  emulatedSystem: string;
  /** The emulator that is registered for it, and what is wrong with that. */
  emulator: string;
  emulatorState: '' | 'gone' | 'hidden';
}

/** What of that holds for `systems`, from the answer to {@link listEmulators} and the builder's settings. */
export function emulationOf(
  systems: readonly string[],
  machine: string,
  list: string,
  settings: ReadonlyMap<string, string>,
): Emulation {
  const nothing: Emulation = { notEmulated: '', emulatedSystem: '', emulator: '', emulatorState: '' };
  if (!list.startsWith('listed')) return nothing;
  const emulators = emulatorsIn(list);
  const none: string[] = [];
  const wrong: Emulation[] = [];
  for (const system of systems.filter((one) => !isNative(one, machine))) {
    const emulator = emulators.find(({ name }) => name.includes(familyOf(system)));
    if (emulator === undefined) none.push(system);
    else {
      const emulatorState = stateOf(emulator, settings);
      if (emulatorState !== '')
        wrong.push({ notEmulated: '', emulatedSystem: system, emulator: emulator.path, emulatorState });
    }
  }
  const [first] = none;
  if (first !== undefined) return { ...nothing, notEmulated: none.join(', '), emulatedSystem: first };
  return wrong[0] ?? nothing;
}

function emulatorsIn(list: string): Emulator[] {
  return [...list.matchAll(/^flags=(\S*) (there|gone) (\S+) (.*)$/gm)].map(
    ([, flags = '', there, name = '', path = '']) => ({
      name,
      path,
      there: there === 'there',
      heldOpen: flags.includes('F'),
    }),
  );
}

function stateOf(
  { path, there, heldOpen }: Emulator,
  settings: ReadonlyMap<string, string>,
): Emulation['emulatorState'] {
  if (heldOpen) return '';
  if (!there) return 'gone';
  if (settings.get('sandbox') === 'false') return '';
  const shown = (settings.get('sandbox-paths') ?? '')
    .split(/\s+/)
    .map((entry) => entry.replace(/[=?].*$/, '').replace(/\/+$/, ''));
  return shown.some((folder) => folder !== '' && (path === folder || path.startsWith(`${folder}/`)))
    ? ''
    : 'hidden';
}

/** Processors whose programs a machine runs by itself, by the name that `uname -m` prints. */
const nativeProcessors: Readonly<Record<string, readonly string[]>> = {
  x86_64: ['x86_64', 'i686', 'i586', 'i486', 'i386'],
  aarch64: ['aarch64', 'armv8l', 'armv7l', 'armv6l', 'armv5tel'],
  arm64: ['aarch64'],
  armv8l: ['armv8l', 'armv7l', 'armv6l', 'armv5tel'],
  armv7l: ['armv7l', 'armv6l', 'armv5tel'],
  ppc64le: ['powerpc64le'],
};

function isNative(system: string, machine: string): boolean {
  const [processor = '', kernel] = system.split('-');
  if (kernel !== 'linux' || machine === '') return true;
  return (nativeProcessors[machine] ?? [machine]).includes(processor);
}

/** Emulators have any name; by custom it holds the name of the processor, as `qemu-aarch64`. */
function familyOf(system: string): string {
  const [processor = ''] = system.split('-');
  return processor
    .replace(/^armv\d.*$/, 'arm')
    .replace(/^i\d86$/, 'i386')
    .replace(/^powerpc/, 'p');
}
