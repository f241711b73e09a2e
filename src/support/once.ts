/** A function that does its work at the first call; later calls get the same promise, whatever their arguments. */
export function once<Arguments extends unknown[], Result>(
  work: (...given: Arguments) => Promise<Result>,
): (...given: Arguments) => Promise<Result> {
  let result: Promise<Result> | undefined;
  return (...given) => (result ??= work(...given));
}
