import { entryWith } from '../machines/entry-with.ts';
import { builderOf, type Probe } from './probe.ts';

/** What in the builder's own entry lets no build through, as far as the entry alone tells. */
export const entry: Probe = {
  name: 'entry',
  parameters: [],
  required: [],
  observe: (_parameters, context) => {
    const builder = builderOf(context);
    const { source, fields } = builder;
    const own = context.machines.diagnostics.filter(
      ({ stopsBuilds, file, line, column }) =>
        stopsBuilds === true &&
        file === source.file &&
        fields.some((field) => field.line === line && field.column === column),
    );
    const corrections = Object.fromEntries(
      own.flatMap(({ correction }) =>
        correction === undefined ? [] : [[correction.column, correction.text]],
      ),
    );
    return Promise.resolve({
      value: {
        codes: own.map(({ code }) => code),
        messages: own.map(({ message }) => message).join('; '),
        corrected: own.length > 0 && own.every(({ correction }) => correction !== undefined),
        entry: entryWith(builder, corrections),
      },
    });
  },
};
