/** What a fake ARM knows of a subscription; who gives it decides what is so. */
export interface ArmState {
  /** Limits of the region and what is used of them. */
  usages(): readonly { readonly name: string; readonly limit: number; readonly used: number }[];
  /** What a group may have at most, by operating system. */
  capabilities(): readonly {
    readonly osType: string;
    readonly ipAddressType: string;
    readonly gpu: string;
    readonly maxCpu: number;
    readonly maxMemoryInGB: number;
  }[];
  groups(): readonly ArmGroup[];
  /** A group is deleted; one that is not there changes nothing. */
  remove(name: string): void;
}

/** A container group. Times are milliseconds since the epoch. */
export interface ArmGroup {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly cores: number;
  readonly memoryGb: number;
  readonly provisioningState: string;
  /** `Pending`, `Running`, …: only told where one group is asked for. */
  readonly state: string;
  readonly runningSinceMs: number | undefined;
  readonly restarts: number;
  readonly events: readonly {
    readonly name: string;
    readonly type: string;
    readonly message: string;
    readonly atMs: number;
  }[];
}

/** As azure-aci tags a group; the time is written as Go prints it. */
export function tagsOf(pod: {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string;
  readonly createdAtMs: number;
}): Readonly<Record<string, string>> {
  const created = new Date(pod.createdAtMs).toISOString();
  return {
    PodName: pod.name,
    Namespace: pod.namespace,
    NodeName: pod.nodeName,
    UID: pod.uid,
    CreationTimestamp: `${created.slice(0, 10)} ${created.slice(11, 19)} +0000 UTC`,
  };
}

/** The largest group of most regions (Azure: resource availability of Container Instances). */
export const usualCapabilities = [
  { osType: 'Linux', ipAddressType: 'Public', gpu: 'None', maxCpu: 31, maxMemoryInGB: 240 },
  { osType: 'Linux', ipAddressType: 'Private', gpu: 'None', maxCpu: 31, maxMemoryInGB: 240 },
  { osType: 'Windows', ipAddressType: 'Public', gpu: 'None', maxCpu: 4, maxMemoryInGB: 16 },
] as const;
