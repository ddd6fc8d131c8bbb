import type { Clock } from '../clock.ts';
import { type ErrorCode, SpillwayError } from '../errors.ts';
import type { RedisRef } from '../policy/policy.ts';
import { Bell } from './bell.ts';
import { backoffMs } from './redis/backoff.ts';
import { type Endpoint, endpointOf } from './redis/endpoint.ts';
import type { RedisLinks } from './redis/links.ts';
import type { SecretReader } from './secret-reader.ts';

/** What sources are made of, shared by all of them. */
export interface SourceParts {
  readonly secrets: SecretReader;
  readonly links: RedisLinks;
  readonly clock: Clock;
  readonly random: () => number;
}

/** What goes on at the Redis that a Secret names. */
export interface RedisUser {
  /** Begins there; the returned function ends it. */
  attach(endpoint: Endpoint): () => void;
  /** The Secret names no Redis, or none that may be used. */
  lose(code: ErrorCode): void;
}

/**
 * Keeps a user attached to the Redis that its Secret names, until `signal` aborts: a rotated Secret attaches it to the
 * new one and lets the old one go. A Secret that cannot be read for now leaves a working link alone; one that is gone
 * or makes no sense takes it away.
 */
export async function followSecret(
  namespace: string,
  redis: RedisRef,
  user: RedisUser,
  parts: SourceParts,
  signal: AbortSignal,
): Promise<void> {
  const { secrets, clock, random } = parts;
  const changed = new Bell(clock);
  const unwatch = secrets.watch(namespace, redis.secretName, () => changed.ring());
  let attached: { readonly endpointId: string; readonly detach: () => void } | undefined;
  let failures = 0;
  try {
    while (!signal.aborted) {
      try {
        const endpoint = endpointOf(redis, await secrets.read(namespace, redis.secretName, signal));
        if (signal.aborted) break;
        failures = 0;
        if (endpoint.id !== attached?.endpointId) {
          attached?.detach();
          attached = { endpointId: endpoint.id, detach: user.attach(endpoint) };
        }
      } catch (error) {
        if (signal.aborted) break;
        const code = error instanceof SpillwayError ? error.code : 'SECRET_UNREADABLE';
        failures += 1;
        if (attached === undefined || code !== 'SECRET_UNREADABLE') {
          attached?.detach();
          attached = undefined;
          user.lose(code);
        }
      }
      await changed.wait(failures === 0 ? undefined : backoffMs(failures + 3, random), signal);
    }
  } finally {
    unwatch();
    attached?.detach();
  }
}
