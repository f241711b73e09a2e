/** Monotonic: a clock that jumps changes nothing. Ends early for a reason to go on (`wake`) or to stop. */
export function pause(ms: number, wake: EventTarget, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      wake.removeEventListener('wake', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    wake.addEventListener('wake', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Wakes whoever pauses. */
export function wakeUp(wake: EventTarget): void {
  wake.dispatchEvent(new Event('wake'));
}
