import { Option } from '@commander-js/extra-typings';
import { suggestWord } from '../support/did-you-mean.ts';
import { UserError } from '../support/user-error.ts';

/** For an option that may be repeated. */
export const collect = (value: string, previous: string[]): string[] => [...previous, value];

/** How much of what went well is shown: 0 to 3. */
export const verbose = () =>
  new Option('-v, --verbose', 'show every check; -vv what failed ones saw, too; -vvv what each saw')
    .argParser((_, before: number) => before + 1)
    .default(0, 'only what is wrong');

/** Only what failed. */
export const quiet = () =>
  new Option('-q, --quiet', 'show only what failed, and nothing where nothing did').conflicts('verbose');

/** `-f` of a command that writes one of a few formats, the first of which is the default. Another is a {@link UserError}. */
export const formatOf = (formats: readonly [string, ...string[]]) =>
  new Option('-f, --format <name>', `${formats.slice(0, -1).join(', ')} or ${formats.at(-1)}`)
    .argParser((text: string) => {
      if (!formats.includes(text))
        throw new UserError(`there is no format "${text}"${suggestWord(text, formats)}`);
      return text;
    })
    .default(formats[0]);

export const textOrJson = () => formatOf(['text', 'json']);
