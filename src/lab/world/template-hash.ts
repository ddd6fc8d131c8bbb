import type { PodTemplate } from './kube.ts';

export const templateHashLabel = 'pod-template-hash';

/** The alphabet into which Kubernetes encodes hashes, so that no words appear. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A short name for a pod template: equal templates have equal names, whatever the order of their keys. */
export function templateHash(template: PodTemplate, collisions = 0): string {
  const text = `${canonical(template)}${collisions}`;
  let [high, low] = [2_166_136_261, 374_761_393];
  for (let index = 0; index < text.length; index += 1) {
    high = Math.imul(high ^ text.charCodeAt(index), 16_777_619);
    low = Math.imul(low ^ text.charCodeAt(index), 16_777_619);
  }
  let hash = '';
  for (let place = 0; place < 10; place += 1) {
    const word = place < 5 ? high : low;
    hash += alphabet[((word >>> ((place % 5) * 6)) & 63) % alphabet.length] ?? '';
  }
  return hash;
}

/** JSON with sorted keys, without what is undefined. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
