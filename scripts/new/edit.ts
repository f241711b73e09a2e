/** A change of a file that exists. `change` throws if the file has no place for it. */
export interface Edit {
  file: string;
  change: (text: string) => string;
}

/** Adds a line after the last import. */
export function addImport(file: string, line: string): Edit {
  return {
    file,
    change: (text) => {
      const last = [...text.matchAll(/^import [^;]*;\n/gm)].at(-1);
      return insert(file, text, last && last.index + last[0].length, `${line}\n`);
    },
  };
}

/** Adds a line at the end of the list or object that begins with `start`. */
export function addToList(file: string, start: string, line: string): Edit {
  return {
    file,
    change: (text) => {
      const at = text.indexOf(start);
      const indent = text.slice(text.lastIndexOf('\n', at) + 1, at);
      const end = at < 0 ? null : new RegExp(`\n${indent}[\\]}]`).exec(text.slice(at));
      return insert(file, text, end === null ? undefined : at + end.index + 1, `${line}\n`);
    },
  };
}

/** Adds text before the first `next` that comes after `from`. */
export function addBefore(file: string, next: string, added: string, from = ''): Edit {
  return {
    file,
    change: (text) => {
      const start = text.indexOf(from);
      const at = start < 0 ? -1 : text.indexOf(next, start);
      return insert(file, text, at < 0 ? undefined : at, added);
    },
  };
}

function insert(file: string, text: string, at: number | undefined, added: string): string {
  if (at === undefined) throw new Error(`${file} has no place for: ${added.trim()}`);
  return text.slice(0, at) + added + text.slice(at);
}
