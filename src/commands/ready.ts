import type { Clock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';
import { formatDuration } from '../policy/duration.ts';
import { redact } from '../report/redact.ts';

/** What `spillway ready` was asked. */
export interface ReadyOptions {
  /** Where Spillway serves, without a path. */
  readonly url: string;
  /** 0: asked once. */
  readonly timeoutSeconds: number;
}

const everyMs = 1_000;
const answerMs = 5_000;

/**
 * Waits until a Spillway says that it is ready: for `helm test` and health checks. Resolves to
 * the exit code: 0 ready, 1 `signal` aborted. Throws READY_NOT.
 */
export async function ready(
  { url, timeoutSeconds }: ReadyOptions,
  { clock, out, signal }: { clock: Clock; out: (line: string) => void; signal: AbortSignal },
): Promise<0 | 1> {
  const endsAtMs = clock.elapsed() + timeoutSeconds * 1000;
  for (;;) {
    const problem = await ask(url);
    if (problem === undefined) {
      out('ready');
      return 0;
    }
    if (clock.elapsed() >= endsAtMs) {
      throw new SpillwayError('READY_NOT', {
        url: redact(url),
        timeout: formatDuration(timeoutSeconds),
        problem,
      });
    }
    await clock.sleep(everyMs, signal).catch(() => undefined);
    if (signal.aborted) return 1;
  }
}

/** Undefined: it is ready. */
async function ask(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(answerMs) });
    await response.body?.cancel();
    return response.ok ? undefined : `it answers ${response.status}`;
  } catch {
    return 'nobody answers';
  }
}
