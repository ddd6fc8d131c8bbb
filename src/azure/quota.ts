import type { Usage } from './arm.ts';

/** A pod on the virtual pool, as far as a quota looks at it. */
export interface QuotaPod {
  readonly uid: string;
  /** What its container group takes. */
  readonly cores: number;
  /** Its containers run, so its group is there. */
  readonly running: boolean;
  /** When it was bound to its node, milliseconds since the epoch; undefined: not known. */
  readonly boundAtMs: number | undefined;
}

/** The usage of the region as it was at a moment, and which pods of the pool are in it. */
export interface QuotaSample {
  /** When it was asked for, milliseconds since the epoch. */
  readonly atMs: number;
  readonly usages: readonly Usage[];
  /** UIDs of the pods whose groups are part of what is used. All others are still to be charged. */
  readonly counted: ReadonlySet<string>;
}

/** Replicas of one template that are promised and not bound to a node yet. */
export interface Promised {
  readonly replicas: number;
  /** Of one of them. */
  readonly cores: number;
}

export interface QuotaQuestion {
  readonly sample: QuotaSample;
  /** All pods on the pool that have a group or will get one. */
  readonly pods: readonly QuotaPod[];
  /** What a further replica takes. */
  readonly cores: number;
  /** Promised to this policy and to others. */
  readonly promised: readonly Promised[];
}

/** How much of a quota there is. */
export interface QuotaRoom {
  /** Of the quota that leaves room for the fewest: `StandardCores`, `ContainerGroups`. */
  readonly name: string;
  readonly limit: number;
  /** As Azure counts it. */
  readonly used: number;
  /** What neither is used nor promised; never less than 0. */
  readonly free: number;
  /** Further replicas that it has room for. */
  readonly replicas: number;
}

/** What a container group takes of a quota, by its name. Others (Spot cores, GPUs) are not for virtual nodes. */
const takes: Readonly<Record<string, (cores: number) => number>> = {
  ContainerGroups: () => 1,
  StandardCores: (cores) => cores,
};

/** Usage may be told a little after a group is there: younger pods are charged besides, until the next sample. */
const lagSeconds = 15;

/** Sums of hundredths are not exact. */
const slack = 1e-6;

/**
 * Which pods are part of a usage that was asked for at `atMs`: their group is known to be there, because it runs or because a
 * list that was asked for before the usage names it, and it has been for long enough. A pod is charged or counted, never both.
 */
export function countedIn(
  pods: readonly QuotaPod[],
  listed: ReadonlySet<string>,
  atMs: number,
): ReadonlySet<string> {
  const settled = ({ boundAtMs }: QuotaPod): boolean =>
    boundAtMs !== undefined && boundAtMs <= atMs - lagSeconds * 1000;
  return new Set(
    pods.filter((pod) => settled(pod) && (pod.running || listed.has(pod.uid))).map(({ uid }) => uid),
  );
}

/** The pods that the usage of a sample does not contain. */
export function uncounted<T extends Pick<QuotaPod, 'uid'>>(
  { counted }: QuotaSample,
  pods: readonly T[],
): readonly T[] {
  return pods.filter(({ uid }) => !counted.has(uid));
}

/** Room for further replicas by the quota that leaves the fewest; undefined: the sample names no quota that matters. */
export function quotaRoom({ sample, pods, cores, promised }: QuotaQuestion): QuotaRoom | undefined {
  const charged = uncounted(sample, pods);
  return sample.usages
    .flatMap(({ name, limit, used }) => {
      const take = takes[name];
      if (take === undefined) return [];
      const taken =
        charged.reduce((sum, pod) => sum + take(pod.cores), 0) +
        promised.reduce((sum, each) => sum + each.replicas * take(each.cores), 0);
      const free = Math.max(0, limit - used - taken);
      const each = take(cores);
      return each <= 0 ? [] : [{ name, limit, used, free, replicas: Math.floor(free / each + slack) }];
    })
    .reduce<QuotaRoom | undefined>(
      (tightest, room) => (tightest !== undefined && tightest.replicas <= room.replicas ? tightest : room),
      undefined,
    );
}
