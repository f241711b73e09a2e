import { statfs } from 'node:fs/promises';
import { CannotObserve, type Probe } from './probe.ts';

const mib = 1024 * 1024;
/** A file system that makes inodes as it needs them counts none. */
const uncounted = 999_999_999;

/** Room for what builds bring back: in the store, and beside Nix's database. */
export const roomHere: Probe = {
  name: 'room-here',
  parameters: [],
  required: [],
  observe: async (_parameters, { client }) => {
    const { NIX_STORE_DIR = '/nix/store', NIX_STATE_DIR = '/nix/var/nix' } = client.environment.env;
    const rooms = await Promise.all([NIX_STORE_DIR, NIX_STATE_DIR].map(roomOf));
    const known = rooms.filter((room) => room !== null);
    const [first] = known;
    if (first === undefined) throw new CannotObserve('no-store', 'there is no store here');
    return { value: known.reduce((least, room) => (room.freeMib < least.freeMib ? room : least), first) };
  },
};

// A type, for an interface is no JSON.
type Room = {
  folder: string;
  freeMib: number;
  inodes: number;
};

async function roomOf(folder: string): Promise<Room | null> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return {
      folder,
      freeMib: Math.floor((bavail * bsize) / mib),
      inodes: files === 0 ? uncounted : ffree,
    };
  } catch (error) {
    // A fresh Nix makes its folders only with the first build.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
