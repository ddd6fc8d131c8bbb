import type { Kind } from '../cluster/store.ts';
import type { ClusterView } from '../cluster/view.ts';
import { sentence } from '../errors.ts';
import type { Problem } from '../report/conditions.ts';
import type { Logger } from '../report/log.ts';
import type { Metrics } from '../report/metrics.ts';

export interface WithholdParts {
  readonly view: Pick<ClusterView, 'health'>;
  readonly metrics: Pick<Metrics, 'countWithheld'>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Older caches than this carry no write, seconds. */
  readonly maxCacheAgeSeconds: number;
}

/**
 * Which caches are too old to write on now. A change against `before` is logged, and no more than that: a policy may be
 * looked at many times a second.
 */
export function staleKinds(parts: WithholdParts, policy: string, before: readonly Kind[]): readonly Kind[] {
  const { view, log, maxCacheAgeSeconds } = parts;
  const old = view.health().filter(({ ageSeconds }) => ageSeconds > maxCacheAgeSeconds);
  const kinds = [...new Set(old.map(({ kind }) => kind))];
  if (kinds.length > 0 && before.length === 0) {
    const ageSeconds = Math.round(Math.max(...old.map((one) => one.ageSeconds)));
    log.warn({ policy, kinds, ageSeconds }, 'caches too old to write');
  }
  if (kinds.length === 0 && before.length > 0) log.info({ policy }, 'caches are fresh again');
  return kinds;
}

/** Counts the writes that a pass does not make, and says why none is made. */
export function withheld(
  parts: WithholdParts,
  policy: string,
  kinds: readonly Kind[],
  writes: readonly unknown[],
): Problem {
  parts.metrics.countWithheld(policy, writes.length);
  const details = { kinds: kinds.join(', '), seconds: parts.maxCacheAgeSeconds };
  return { code: 'CACHES_STALE', message: sentence('CACHES_STALE', details) };
}
