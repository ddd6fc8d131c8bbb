import type { VirtualPool } from '../config.ts';
import type { Capability } from './arm.ts';

/** What one container group may ask for at most. */
export type LargestGroup = NonNullable<VirtualPool['largestGroup']>;

/**
 * The largest group of a region for virtual nodes: Linux, without GPU, in a network of one's own where the region tells these
 * apart. Undefined: the region has none.
 */
export function largestGroup(capabilities: readonly Capability[]): LargestGroup | undefined {
  const usable = capabilities.filter(({ osType, gpu }) => osType !== 'Windows' && /^(none)?$/i.test(gpu));
  const isPrivate = usable.filter(({ ipAddressType }) => ipAddressType === 'Private');
  const those = isPrivate.length > 0 ? isPrivate : usable;
  if (those.length === 0) return undefined;
  return {
    cpu: Math.max(...those.map(({ maxCores }) => maxCores)),
    memoryGb: Math.max(...those.map(({ maxMemoryGb }) => maxMemoryGb)),
  };
}

/**
 * A pool whose largest group is what the region allows, as it is known at each moment: eligibility asks for it at each pass.
 * A smaller one that is configured stays.
 */
export function boundedBy(pool: VirtualPool, region: () => LargestGroup | undefined): VirtualPool {
  const { largestGroup: configured, ...rest } = pool;
  return {
    ...rest,
    get largestGroup(): LargestGroup | undefined {
      const allowed = region();
      if (allowed === undefined || configured === undefined) return allowed ?? configured;
      return {
        cpu: Math.min(allowed.cpu, configured.cpu),
        memoryGb: Math.min(allowed.memoryGb, configured.memoryGb),
      };
    },
  };
}
