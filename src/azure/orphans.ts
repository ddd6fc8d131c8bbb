import type { Group, GroupPod } from './arm.ts';

/** A container group whose pod is gone and that still costs. */
export interface Orphan {
  readonly group: string;
  readonly pod: GroupPod;
  /** What it costs per hour, in the configured currency; undefined: no price is configured. */
  readonly pricePerHour: number | undefined;
  /** Since when no pod is known for it, milliseconds since the epoch. */
  readonly sinceMs: number;
  /** How often it was looked at since then. */
  readonly looks: number;
  /** It has been one for long enough to be deleted. */
  readonly due: boolean;
}

/** Groups that were without a pod at the last look, by `keyOf`. Begins empty. */
export type Suspects = ReadonlyMap<string, { readonly sinceMs: number; readonly looks: number }>;

export interface OrphanQuestion {
  /** All groups of the resource group. */
  readonly groups: readonly Group[];
  /** Whether this cluster has a virtual node of that name. */
  readonly hasNode: (name: string) => boolean;
  /** What a group costs per hour; undefined: no price is configured. */
  readonly priceOf: (group: Group & { readonly pod: GroupPod }) => number | undefined;
  /** Whether the cluster has that very pod, by name and UID. */
  readonly hasPod: (pod: GroupPod) => boolean;
  readonly graceSeconds: number;
  readonly nowMs: number;
}

/** A group that was seen without its pod once may be about to go: the provider's own clean-up runs every 5 min. */
const looksToTell = 2;

/** Looks at all groups once: who is without a pod, and who has been for two looks. Groups of others are not looked at. */
export function lookForOrphans(
  before: Suspects,
  { groups, hasNode, priceOf, hasPod, graceSeconds, nowMs }: OrphanQuestion,
): { readonly suspects: Suspects; readonly orphans: readonly Orphan[] } {
  const found = groups.flatMap((group) => {
    const { pod } = group;
    if (pod === undefined || !hasNode(pod.nodeName) || hasPod(pod)) return [];
    if (group.provisioningState === 'Deleting') return [];
    const known = before.get(keyOf(group.name, pod));
    return [{ group, pod, sinceMs: known?.sinceMs ?? nowMs, looks: (known?.looks ?? 0) + 1 }];
  });
  const orphans = found
    .filter(({ looks }) => looks >= looksToTell)
    .map(({ group, ...told }) => ({
      ...told,
      group: group.name,
      pricePerHour: priceOf({ ...group, pod: told.pod }),
      due: nowMs - told.sinceMs >= graceSeconds * 1000,
    }));
  const suspects = new Map(
    found.map(({ group, pod, sinceMs, looks }) => [keyOf(group.name, pod), { sinceMs, looks }]),
  );
  return { suspects, orphans };
}

/** A group with another pod is another group, whatever its name. */
export function keyOf(group: string, { uid }: Pick<GroupPod, 'uid'>): string {
  return `${group} ${uid}`;
}
