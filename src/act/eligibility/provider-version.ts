import type { VirtualPool } from '../../config.ts';

/** Whether `version` comes before `bound`; both like `1.5.0`. */
export function isOlder(version: string, bound: string): boolean {
  const [ours, theirs] = [version, bound].map((text) => text.split('.').map(Number));
  for (const [index, part] of (theirs ?? []).entries()) {
    const own = ours?.[index] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}

/**
 * The version of azure-aci that a node tells in `status.nodeInfo.kubeletVersion`
 * (`v1.25.0-vk-azure-aci-v1.6.4` → `1.6.4`); undefined: it tells none.
 */
export function providerVersionOf(kubeletVersion: string): string | undefined {
  return /-vk-azure-aci-v?(\d+\.\d+\.\d+)/.exec(kubeletVersion)?.[1];
}

/** The pool with the version that its node tells, unless one is configured. */
export function withNodeVersion(pool: VirtualPool, kubeletVersion: string): VirtualPool {
  const told = providerVersionOf(kubeletVersion);
  return pool.providerVersion !== undefined || told === undefined ? pool : { ...pool, providerVersion: told };
}
