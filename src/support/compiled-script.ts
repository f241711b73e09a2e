import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** Where the compiled form of a script lies: V8 takes only what the very same V8 made. */
export function compiledFormOf(file: string): string {
  return `${file}.v8-${process.versions.v8}`;
}

/** A CommonJS file as a function of what such a file may use. */
export function commonJs(file: string, cachedData?: Buffer): Script {
  // esbuild writes ASCII, which is quicker to read as Latin-1.
  const source = readFileSync(file, 'latin1');
  return new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
}

/**
 * What a CommonJS file of the package exports. Compiling is most of a short program's time, so the build keeps the
 * outcome beside the file; V8 checks that it fits, and compiles as ever where it does not.
 */
export function loadCompiled(file: string): unknown {
  const module = { exports: {} };
  const define = commonJs(file, readIfThere(compiledFormOf(file))).runInThisContext() as (
    ...known: unknown[]
  ) => void;
  define(module.exports, createRequire(file), module, file, dirname(file));
  return module.exports;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
