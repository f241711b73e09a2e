import type { Change } from '../report/compare.ts';
import { oneLine } from '../report/escape/visible.ts';

const words: Readonly<Record<Change['kind'], string>> = {
  broke: 'broke',
  'other-cause': 'changed',
  healed: 'healed',
  new: 'new',
  gone: 'gone',
  slower: 'slower',
};

/** What is different, a line each. */
export function changeLines(changes: readonly Change[]): string[] {
  return changes.map(({ kind, builder, scenario, message }) => {
    const what = [builder, scenario ?? ''].map(oneLine).filter((text) => text !== '');
    return `${words[kind].padEnd(8)}${what.join(' ')}: ${oneLine(message)}`;
  });
}
