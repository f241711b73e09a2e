import { Option } from '@commander-js/extra-typings';

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
