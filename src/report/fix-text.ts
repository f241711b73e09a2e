import type { FixStep } from '../generated/types.ts';
import { formsOf } from './fix-forms.ts';

/** One step of a fix on one line, for outputs that have no better form. */
export function fixText(step: FixStep): string {
  const forms = formsOf(step).map(({ label, parts }) => {
    const texts = parts.map(({ head, kind, text }, index) => {
      if (kind === 'command') return `${index === 0 ? '' : ' and then '}$ ${text}`;
      // An old text and the new one are one sentence.
      const isPair = kind === 'old' || parts[index - 1]?.kind === 'old';
      return `${index === 0 ? '' : ' '}${isPair ? head.replace(/:$/, '') : head} ${text}`;
    });
    return `${label === '' ? '' : `${label}: `}${texts.join('')}`;
  });
  return `on the ${step.on}: ${step.says === undefined ? '' : `${step.says}: `}${forms.join(' | ')}`;
}
