import type { VirtualPool } from '../config.ts';
import type { GroupSize } from './group-size.ts';

/** What a virtual pool charges; undefined: not configured, so budgets do not bite. */
export type Price = VirtualPool['price'];

/**
 * What one container group costs per hour while it exists, in the configured currency: cores × price of a core-hour +
 * decimal GB × price of a GB-hour (Azure: Container Instances pricing). Undefined: no price is configured.
 */
export function pricePerHour(size: GroupSize, price: NonNullable<Price>): number;
export function pricePerHour(size: GroupSize, price: Price): number | undefined;
export function pricePerHour(size: GroupSize, price: Price): number | undefined {
  return price && size.cores * price.perCpuHour + (size.memoryBytes / 1e9) * price.perMemoryGbHour;
}
