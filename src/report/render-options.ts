/** -1: nothing but what failed; 0: as usual; 1: every check; 2: and all that failed ones saw; 3: what each check saw. */
export type Verbosity = -1 | 0 | 1 | 2 | 3;

export interface RenderOptions {
  color: boolean;
  /** How much the table shows. */
  verbosity: Verbosity;
  /** Columns of the terminal. */
  width: number;
}
