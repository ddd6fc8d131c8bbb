/**
 * What Azure Resource Manager is asked. Every method rejects with an ArmFailure alone; numbers are in the units of the
 * names, times are milliseconds since the epoch.
 */
export interface Arm {
  /** Limits of the subscription in the region, and what is used of them (Location - List Usage). */
  usage(signal: AbortSignal): Promise<readonly Usage[]>;
  /** The largest groups of the region (Location - List Capabilities). */
  capabilities(signal: AbortSignal): Promise<readonly Capability[]>;
  /** All container groups of the resource group; lists do not tell what containers do. */
  groups(signal: AbortSignal): Promise<readonly Group[]>;
  /** One group with what its containers do; undefined: it is gone. */
  group(name: string, signal: AbortSignal): Promise<GroupView | undefined>;
  /** Deletes a group and waits until it is gone. One that is gone already is no failure. */
  deleteGroup(name: string, signal: AbortSignal): Promise<void>;
}

export type ArmApi = keyof Arm;

/** A limit of the subscription in a region, such as `StandardCores`. */
export interface Usage {
  readonly name: string;
  readonly limit: number;
  readonly used: number;
}

/** What a container group of one kind may have at most. */
export interface Capability {
  /** `Linux`, `Windows` or `NotSpecified`. */
  readonly osType: string;
  /** `Public`, `Private` or `NotSpecified`. */
  readonly ipAddressType: string;
  /** `None` or a kind of GPU. */
  readonly gpu: string;
  readonly maxCores: number;
  readonly maxMemoryGb: number;
}

/** A container group, as a list tells it. */
export interface Group {
  readonly name: string;
  /** What azure-aci wrote on it; undefined: somebody else made it. */
  readonly pod: GroupPod | undefined;
  readonly cores: number;
  readonly memoryBytes: number;
  /** `Creating`, `Pending`, `Succeeded`, `Failed`, … */
  readonly provisioningState: string;
}

/** The pod that a group was made for, by the group's tags (azure-aci: PodName, Namespace, NodeName, UID, CreationTimestamp). */
export interface GroupPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly nodeName: string;
  readonly createdAtMs: number | undefined;
}

/** A group with what its containers do. */
export interface GroupView extends Group {
  /** `Pending`, `Running`, `Succeeded`, `Failed`, …; empty: it does not tell. */
  readonly state: string;
  readonly restarts: number;
  /** When its last container began to run; undefined: one does not run yet. */
  readonly runningSinceMs: number | undefined;
  /** Of the group and its containers, oldest first. */
  readonly events: readonly GroupEvent[];
}

/** Something that happened to a group. What Azure writes about it is not kept. */
export interface GroupEvent {
  /** `Pulling`, `Started`, `Failed`, … */
  readonly name: string;
  readonly type: string;
  readonly count: number;
  readonly atMs: number | undefined;
}
