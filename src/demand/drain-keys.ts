import type { Feed } from '../policy/policy.ts';

type RedisFeed = Exclude<Feed, { readonly type: 'Prometheus' }>;

/**
 * The beginning of the two keys that the controller and the drain library share for a source: `marks` and `workers`
 * follow. Lists and streams get a hash tag, so that the keys lie where the source lies, also in a cluster.
 */
export function drainKeys(feed: RedisFeed): string {
  if (feed.type === 'BullMQ') return `${feed.prefix}:${feed.queue}:spillway:`;
  return hasHashTag(feed.key) ? `${feed.key}:spillway:` : `{${feed.key}}:spillway:`;
}

/** What stands between the first `{` and the first `}` after it, unless nothing does (Redis Cluster specification). */
function hasHashTag(key: string): boolean {
  return /^[^{]*\{[^}]+\}/.test(key);
}
