/** Waits, less when the signal aborts. With a signal the process may end meanwhile. */
export function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, Math.max(0, delayMs));
    if (signal === undefined) return;
    timer.unref();
    signal.addEventListener('abort', end);
  });
}

/** Waits for a promise that never rejects, but not longer than this. */
export async function within(promise: Promise<unknown>, delayMs: number): Promise<void> {
  const stop = new AbortController();
  await Promise.race([promise, pause(delayMs, stop.signal)]);
  stop.abort();
}
