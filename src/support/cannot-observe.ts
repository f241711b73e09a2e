/**
 * Nothing could be observed; the check's outcome is `error`, and hints may match on the code. With the code
 * {@link doesNotApply} it is `skip`.
 */
export class CannotObserve extends Error {
  override readonly name = 'CannotObserve';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The code of {@link CannotObserve} for what another check can judge, though this one cannot. */
export const doesNotApply = 'does-not-apply';

/** The code of {@link CannotObserve} for what cannot be known here, and need not be for a build: `skip`, with the reason. */
export const notMeasured = 'not-measured';
