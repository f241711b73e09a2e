import type { ClientView } from './client-view.ts';
import { CannotObserve, notMeasured } from './probe.ts';

/** Why the settings of the client's Nix are not known: an error, but where there is no Nix. */
export function noClientSettings({ nixVersion }: ClientView): CannotObserve {
  return nixVersion === ''
    ? new CannotObserve(notMeasured, 'there is no Nix on this machine that shows its settings')
    : new CannotObserve('no-settings', `Nix ${nixVersion} on this machine does not show its settings`);
}
