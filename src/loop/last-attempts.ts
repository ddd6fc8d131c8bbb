import type { SlimJob, SlimPod } from '../cluster/slim.ts';
import type { Refusal } from '../decide/observation.ts';
import { sentence } from '../errors.ts';

/**
 * Tells pods that are the last attempts of their Jobs: one more failure and the Job fails for good. They wait for a VM: what
 * a virtual node refuses fails at once, and a pod whose `restartPolicy` is `Never` fails by itself there. First attempts are
 * none, for a Job that may not fail at all would never be rescued.
 */
export function lastAttempts(jobs: readonly SlimJob[]): (pod: SlimPod) => Refusal | undefined {
  const last = new Set(
    jobs.filter(({ failed, backoffLimit }) => failed > 0 && failed >= backoffLimit).map(({ uid }) => uid),
  );
  const code = 'RESCUE_LAST_ATTEMPT';
  return ({ ownerUid }) => (last.has(ownerUid ?? '') ? { code, message: sentence(code, {}) } : undefined);
}
