import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 50;

/** Waits until `look` returns something that is not undefined or false, and returns it. `what` completes the error. */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await sleep(pollMs);
  }
  throw new Error(`Waited ${timeoutMs / 1000} s for ${what}, in vain.`);
}
