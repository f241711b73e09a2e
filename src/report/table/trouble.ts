import type { FixStep, Report } from '../../generated/types.ts';
import { oneLine, visible } from '../escape/visible.ts';
import { formsOf } from '../fix-forms.ts';
import { marks } from '../outcomes.ts';
import { stepsOf, type TroubleStep } from '../steps.ts';
import { adviceText, blocksWords, findAdvice, findTroubles, messagesOf, type Trouble } from '../trouble.ts';
import { type Paint, styles } from './paint.ts';

import { wrap } from './wrap.ts';

/** What is wrong, each cause once, with what to type. */
export function troubles(
  report: Report,
  paint: Paint,
  width: number,
  kinds: readonly Trouble['mark'][] = ['fail', 'warn'],
): string[] {
  return findTroubles(report)
    .filter(({ mark }) => kinds.includes(mark))
    .flatMap((trouble) => ['', ...block(trouble, paint, width)]);
}

/** What every default installation has: a line each, or with `inFull`. */
export function advice(report: Report, paint: Paint, width: number, inFull: boolean): string[] {
  return findAdvice(report).flatMap((found) => [
    '',
    ...(inFull
      ? block(found, paint, width)
      : wrap(visible(`Advice: ${oneLine(adviceText(found))}; -v shows the fix.`), width)),
  ]);
}

function block(trouble: Trouble, paint: Paint, width: number): string[] {
  const { mark: kind, whose } = trouble;
  const blocks = blocksWords(trouble);
  const [first] = whose;
  if (first === undefined) return [];
  const { scenario, cause, see } = first.cause;
  const names = whose.map(({ name }) => oneLine(name));
  const why =
    cause === undefined ? `found by ${scenario}` : `${cause} (found by ${scenario}; more: explain ${cause})`;
  return [
    ...wrap(`${headOf(kind, paint)} ${paint('bold', names.join(', '))}`, width),
    ...messagesOf(trouble).flatMap((message, index) =>
      labelled(index === 0 ? 'What' : '', visible(message), width),
    ),
    ...labelled('Why', why, width),
    ...stepsOf(trouble).flatMap((step, index) => stepLines(step, index === 0, paint, width)),
    ...(see === undefined ? [] : labelled('See', see, width)),
    ...(blocks === '' ? [] : [`        ${paint('gray', blocks)}`]),
  ];
}

function headOf(kind: Trouble['mark'], paint: Paint): string {
  return kind === 'advice' ? 'Advice for' : paint(styles[kind], marks[kind].mark);
}

function labelled(label: string, text: string, width: number): string[] {
  return wrap(text, Math.max(40, width - 8)).map((line, index) =>
    `  ${(index === 0 ? label : '').padEnd(6)}${line}`.trimEnd(),
  );
}

function stepLines(
  { number, variants, left }: TroubleStep,
  first: boolean,
  paint: Paint,
  width: number,
): string[] {
  return [
    ...variants.flatMap(({ where, step }, variant) => {
      const says = step.says === undefined ? '' : `: ${oneLine(step.says)}`;
      const text = `${number === null || variant > 0 ? '' : `${number}. `}${oneLine(where)}${says}`;
      const head = labelled(first && variant === 0 ? 'Fix' : '', text, width);
      return [...head, ...whatToDo(step).map((line) => `          ${paint('cyan', line)}`)];
    }),
    ...(left.length === 0
      ? []
      : labelled('', `… and so on; their own words with -i: ${oneLine(left.join(', '))}`, width)),
  ];
}

const marksOfParts = { command: '$ ', new: '+ ', old: '- ' } as const;

/** A step as it is to be typed, on each system that the machine may have: never wrapped. */
export function whatToDo(step: FixStep): string[] {
  return formsOf(step).flatMap(({ label, parts }) => [
    ...(label === '' ? [] : [`${label}:`]),
    ...parts.flatMap(({ head, kind, text }) => [
      ...(head === '' || (label !== '' && head.endsWith('configuration:')) ? [] : [oneLine(head)]),
      ...visible(text)
        .split('\n')
        .map((line) => `${marksOfParts[kind]}${line}`.trimEnd()),
    ]),
  ]);
}
