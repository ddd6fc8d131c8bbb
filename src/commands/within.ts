import { systemClock } from '../clock.ts';

/** Waits for something to end, well or badly, but not longer than that. Never rejects. */
export async function within(ms: number, done: Promise<unknown>): Promise<void> {
  const ended = new AbortController();
  const tooLate = systemClock.sleep(ms, ended.signal);
  await Promise.race([done, tooLate]).catch(() => undefined);
  ended.abort();
  await tooLate.catch(() => undefined);
}
