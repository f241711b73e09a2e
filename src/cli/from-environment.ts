import type { CommandUnknownOpts } from '@commander-js/extra-typings';

/**
 * Takes what the command line does not say from MACHINES_FILE, INCLUDE and EXCLUDE, the names that the program that
 * this one follows gave them. Empty ones count as absent.
 */
export function fromEnvironment(command: CommandUnknownOpts): void {
  const given = command.opts();
  const { MACHINES_FILE: file = '', INCLUDE: include = '', EXCLUDE: exclude = '' } = process.env;
  const hasBuilders = ['machinesFile', 'builders', 'replay'].some((key) => given[key] !== undefined);
  if (file !== '' && !hasBuilders) command.setOptionValueWithSource('machinesFile', file, 'env');
  for (const [key, text] of Object.entries({ include, exclude })) {
    const names = text.split(/[\s,]+/).filter((name) => name !== '');
    const before = given[key];
    if (Array.isArray(before) && before.length === 0 && names.length > 0)
      command.setOptionValueWithSource(key, names, 'env');
  }
}
