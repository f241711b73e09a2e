import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Probe } from './probe.ts';

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
    const [store, state] = await Promise.all([roomOf(NIX_STORE_DIR), roomOf(NIX_STATE_DIR)]);
    return { value: store.freeMib <= state.freeMib ? store : state };
  },
};

// A type, for an interface is no JSON.
type Room = {
  folder: string;
  freeMib: number;
  inodes: number;
};

async function roomOf(folder: string): Promise<Room> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return {
      folder,
      freeMib: Math.floor((bavail * bsize) / mib),
      inodes: files === 0 ? uncounted : ffree,
    };
  } catch (error) {
    // A fresh Nix makes its folders only with the first build: they will be where the nearest folder above is.
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing && folder !== dirname(folder)) return roomOf(dirname(folder));
    throw error;
  }
}
