import type { RawMeta } from './raw.ts';

/** What stands in a Lease of coordination.k8s.io. */
export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/** A Lease as the API server has it. */
export interface LeaseObject {
  readonly metadata?: RawMeta;
  readonly spec?: LeaseSpec;
}

/** `2026-01-02T03:04:05.678000Z`: MicroTime has exactly six digits (apimachinery, RFC3339Micro). */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
