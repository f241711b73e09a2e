/** What the probe `builder-settings` saw, as far as an entry needs it. */
export interface Settings {
  nixVersion: string;
  systems: string;
  features: string;
  sandbox: string;
  cores: number;
  buildUsers: number;
  maxSessions: number;
  maxStartups: number;
}

/** A list that the host told. It is not to be believed that its items are words: they become columns of a line. */
export function words(list: string): string[] {
  return list.split(', ').filter((item) => /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(item));
}

/** As many builds as it has cores, and as its build users and its SSH server allow; 0 stands for unknown. */
export function jobsFor({ cores, buildUsers, maxSessions, maxStartups }: Settings): number {
  const limits = [cores, buildUsers, maxSessions, maxStartups].filter((limit) => limit > 0);
  return Math.max(1, Math.min(...limits, 1000));
}
