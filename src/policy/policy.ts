/**
 * A policy as the rest of Spillway reads it: every duration in seconds, every quantity a number, every default
 * filled in. `resolve` (resolve.ts) makes it from the object in the cluster; nothing else parses a unit.
 */
export interface Policy {
  /** `namespace/name`: the key of everything that is kept per policy. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Milliseconds since the epoch; older policies come first among equals. */
  readonly createdAtMs: number;
  /** The object carries a deletion timestamp. */
  readonly deleting: boolean;
  readonly target: Target;
  readonly suspend: boolean;
  readonly dryRun: boolean;
  /** Who gets room and quota first: higher wins, then age, then UID. */
  readonly priority: number;
  /** Undefined where an HPA, KEDA or a person sets the replicas. */
  readonly scaling: Scaling | undefined;
  readonly burst: Burst;
}

export type Target =
  | { readonly kind: 'Deployment' | 'StatefulSet'; readonly name: string }
  | { readonly kind: 'Jobs'; readonly matchLabels: Readonly<Record<string, string>> };

export interface Scaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly combine: 'Sum' | 'Max';
  readonly scaleDownStabilizationSeconds: number;
  readonly sources: readonly Source[];
  readonly onSignalLoss: {
    readonly afterSeconds: number;
    /** Undefined: hold the last known demand. */
    readonly replicas: number | undefined;
    readonly behavior: 'CurrentIfHigher' | 'Static';
  };
}

export interface Source {
  readonly name: string;
  readonly sizing: Sizing;
  /** Jobs that one replica runs at once. */
  readonly workerConcurrency: number;
  readonly feed: Feed;
}

/** How many replicas a backlog asks for: so many that it drains in time, or one for every so many jobs. */
export type Sizing =
  | {
      readonly rule: 'drainWithin';
      readonly drainWithinSeconds: number;
      /** What a job takes until it has been measured, seconds; undefined: 1 s. */
      readonly expectedJobSeconds: number | undefined;
    }
  | { readonly rule: 'backlogPerReplica'; readonly jobs: number };

/** Where a source reads. */
export type Feed =
  | { readonly type: 'BullMQ'; readonly queue: string; readonly prefix: string; readonly redis: RedisRef }
  | { readonly type: 'RedisList'; readonly key: string; readonly redis: RedisRef }
  | {
      readonly type: 'RedisStream';
      readonly key: string;
      readonly group: string;
      readonly redis: RedisRef;
    }
  | {
      readonly type: 'Prometheus';
      /** A connection named in the operator's configuration. */
      readonly connection: string;
      readonly query: string;
      readonly arrivalRateQuery: string | undefined;
    };

/** The Redis of a source: keys of a Secret in the policy's own namespace. */
export interface RedisRef {
  readonly secretName: string;
  /** The key that holds the URL: `redis://`, `rediss://`, or either with `+sentinel`. */
  readonly urlKey: string;
  /** The key of a PEM bundle that `rediss://` must chain to; undefined: the system's authorities. */
  readonly caKey: string | undefined;
}

export interface Burst {
  readonly strategy: 'Companion' | 'Rescue';
  readonly vmPool: 'Grow' | 'Fixed';
  readonly delay: { readonly alwaysSeconds: number; readonly whilePoolGrowsSeconds: number };
  readonly maxReplicas: number;
  readonly reclaim: { readonly afterSeconds: number; readonly readyTimeoutSeconds: number };
  /** What to do where the template's selector and affinity match no VM node at all. */
  readonly withoutVmNodes: 'Forbid' | 'Allow';
  readonly budget: {
    readonly maxRatePerHour: number | undefined;
    readonly maxSpendPerDay: number | undefined;
    readonly onExhausted: 'Keep' | 'Drain';
  };
  readonly drain: { readonly timeoutSeconds: number };
}
