export interface Interrupt {
  /** Aborted by the first of them. */
  signal: AbortSignal;
  /** What the program ends with; null where nobody asked. */
  exitCode: () => number | null;
  dispose: () => void;
}

/**
 * Ends a run when the user or the system asks for it: once to stop and still write the report, twice to stop at once.
 * After `deadlineMs` it ends as if asked once.
 */
export function onInterrupt(deadlineMs?: number): Interrupt {
  const controller = new AbortController();
  let code: number | null = null;
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  const names = Object.keys(codes) as (keyof typeof codes)[];
  const handle = (name: NodeJS.Signals): void => {
    const next = codes[name as keyof typeof codes];
    if (code !== null) process.exit(next);
    code = next;
    process.stderr.write('\ninterrupted: stopping what runs, and writing what is known so far\n');
    controller.abort();
  };
  for (const name of names) process.on(name, handle);
  const deadline = deadlineMs === undefined ? undefined : setTimeout(atDeadline, deadlineMs);
  function atDeadline(): void {
    if (controller.signal.aborted) return;
    process.stderr.write('\nthe deadline is over: stopping what runs, and writing what is known so far\n');
    controller.abort(new Error('the run reached its deadline'));
  }
  return {
    signal: controller.signal,
    exitCode: () => code,
    dispose: () => {
      clearTimeout(deadline);
      for (const name of names) process.off(name, handle);
    },
  };
}
