import { homedir, userInfo } from 'node:os';

/** The user that this program runs as, as the password database has it. */
export interface ThisUser {
  username: string;
  homedir: string;
  uid: number;
}

/** A user who is not in the password database (a container) has the number for a name, and the home of the environment. */
export function thisUser(): ThisUser {
  try {
    return userInfo();
  } catch {
    const uid = process.getuid?.() ?? -1;
    return { username: String(uid), homedir: homeOf(), uid };
  }
}

function homeOf(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}
