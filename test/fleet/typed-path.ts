import type { Profile } from './profile.ts';
import { initEnvironment } from './start-script.ts';

/** Where a host sees the stand-ins for programs that it cannot have for real. */
export const standInsFolder = '/run/project/test/fleet/stand-ins';

/** PATH of who types a fix on a host. */
export function typedPath({ typedPath: typed, path = initEnvironment.PATH, standIns }: Profile): string {
  return typed ?? (standIns.length === 0 ? path : `${standInsFolder}:${path}`);
}
