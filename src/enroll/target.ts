import { UserError } from '../support/user-error.ts';

/** Reads `[USER@]HOST[:PORT]`, an IPv6 address in brackets. Throws {@link UserError}. */
export function readTarget(target: string): { user: string; host: string; port: number | null } {
  const [, user = '', bracketed, plain = '', port] =
    /^(?:([a-z_][a-z0-9_.-]*)@)?(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_][A-Za-z0-9_.-]*))(?::(\d{1,5}))?$/.exec(
      target,
    ) ?? [];
  const host = bracketed ?? plain;
  if (host === '' || Number(port ?? 22) > 65535) throw new UserError(`"${target}" is no [USER@]HOST[:PORT]`);
  return { user, host, port: port === undefined ? null : Number(port) };
}
