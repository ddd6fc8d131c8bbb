import { type Memory, restoredMemory } from '../../../src/decide/memory.ts';
import type {
  CompanionObservation,
  Observation,
  OkSample,
  PodShape,
  RescuedObservation,
  RoomGroup,
} from '../../../src/decide/observation.ts';
import type { Burst, Policy, Scaling, Source } from '../../../src/policy/policy.ts';

export const startMs = Date.UTC(2026, 0, 1);

export const oneCpu: PodShape = {
  requests: { cpuMillicores: 1000, memoryBytes: 0, ephemeralStorageBytes: 0, extended: {} },
  priority: 0,
  preempts: true,
  nodeSelector: {},
  nodeAffinity: [],
  tolerations: [],
  hostPorts: [],
  spread: [],
  exclusiveBy: [],
};

/** `nodes` alike VM nodes, each with so many cores free. */
export function nodes(count: number, freeCores: number, more: Partial<RoomGroup> = {}): RoomGroup {
  return {
    nodes: count,
    free: { cpuMillicores: freeCores * 1000, memoryBytes: 1e12, ephemeralStorageBytes: 1e12, extended: {} },
    freePods: 110,
    mates: 0,
    hostPortTaken: false,
    nodeClass: { labels: {}, taints: [] },
    ...more,
  };
}

export function source(more: Partial<Source> & { drainWithin?: number; jobSeconds?: number } = {}): Source {
  const { drainWithin = 300, jobSeconds = 3, ...rest } = more;
  return {
    name: 'queue',
    sizing: { rule: 'drainWithin', drainWithinSeconds: drainWithin, expectedJobSeconds: jobSeconds },
    workerConcurrency: 1,
    feed: {
      type: 'BullMQ',
      queue: 'queue',
      prefix: 'bull',
      redis: { secretName: 'redis', urlKey: 'url', caKey: undefined },
    },
    ...rest,
  };
}

export function policy(
  more: Partial<Omit<Policy, 'scaling' | 'burst'>> & {
    scaling?: Partial<Scaling> | undefined;
    burst?: Partial<Burst>;
  } = {},
): Policy {
  const { scaling, burst, ...rest } = more;
  return {
    key: 'media/thumbnails',
    namespace: 'media',
    name: 'thumbnails',
    uid: '0f0e0d0c-0000-4000-8000-000000000000',
    generation: 1,
    createdAtMs: startMs,
    deleting: false,
    target: { kind: 'Deployment', name: 'thumbnail-worker' },
    suspend: false,
    dryRun: false,
    priority: 0,
    scaling:
      'scaling' in more && scaling === undefined
        ? undefined
        : {
            minReplicas: 0,
            maxReplicas: 1000,
            combine: 'Sum',
            scaleDownStabilizationSeconds: 60,
            sources: [source()],
            onSignalLoss: { afterSeconds: 120, replicas: undefined, behavior: 'CurrentIfHigher' },
            ...scaling,
          },
    burst: {
      strategy: 'Companion',
      vmPool: 'Grow',
      delay: { alwaysSeconds: 0, whilePoolGrowsSeconds: 0 },
      maxReplicas: 1000,
      reclaim: { afterSeconds: 60, readyTimeoutSeconds: 600 },
      withoutVmNodes: 'Forbid',
      budget: { maxRatePerHour: undefined, maxSpendPerDay: undefined, onExhausted: 'Keep' },
      drain: { timeoutSeconds: 600 },
      ...burst,
    },
    ...rest,
  };
}

export function sample(more: Partial<OkSample> = {}): OkSample {
  return {
    state: 'ok',
    atMs: startMs,
    backlog: 0,
    active: 0,
    oldestAgeSeconds: 0,
    arrivalsTotal: undefined,
    completionsTotal: undefined,
    arrivalsPerSecond: undefined,
    paused: false,
    rateLimited: false,
    concurrencyLimit: undefined,
    rateLimitPerSecond: undefined,
    busy: {},
    ...more,
  };
}

export function companion(replicas: number, more: Partial<CompanionObservation> = {}): CompanionObservation {
  return {
    name: 'thumbnail-worker-burst-1',
    templateHash: '1',
    current: true,
    replicas,
    ready: replicas,
    pods: replicas,
    draining: 0,
    ...more,
  };
}

const nobodyRescued: RescuedObservation = {
  pods: 0,
  running: 0,
  ready: 0,
  draining: 0,
  waitingSeconds: [],
  unrescuable: [],
};

type Given = {
  readonly [K in keyof Omit<
    Observation,
    'atMs' | 'sources' | 'rescued'
  >]?: Observation[K] extends readonly unknown[] ? Observation[K] : Partial<Observation[K]>;
} & {
  readonly atMs?: number;
  readonly sources?: Observation['sources'];
  readonly rescued?: Partial<RescuedObservation> | undefined;
  readonly sample?: Partial<OkSample>;
};

/** An observation of an empty cluster with one idle queue and a ready virtual node; `more` says what differs. */
export function observation(more: Given = {}): Observation {
  const atMs = more.atMs ?? startMs;
  return {
    atMs,
    sources: more.sources ?? [{ name: 'queue', sample: sample({ atMs, ...more.sample }) }],
    target: {
      replicas: 0,
      scaledBy: undefined,
      rollingOut: false,
      hpasThatCountBurst: [],
      refusals: [],
      warnings: [],
      ...more.target,
    },
    pods: {
      placed: 0,
      placedReady: 0,
      onVirtual: 0,
      onVirtualReady: 0,
      stuck: 0,
      oldestStuckSeconds: 0,
      unbound: 0,
      startingSeconds: [],
      burstReady: 0,
      burstRunning: 0,
      lastBoundAtMs: undefined,
      startLatencySeconds: 0,
      ...more.pods,
    },
    shape: { ...oneCpu, ...more.shape },
    vmPool: {
      matchingNodes: 3,
      groups: [],
      lastJoinedAtMs: undefined,
      growth: 'Unknown',
      growthReason: undefined,
      ...more.vmPool,
    },
    virtualPool: {
      name: 'aci',
      nodes: 1,
      readyNodes: 1,
      cordoned: 0,
      notReady: 0,
      ghosts: 0,
      burstOnUnusable: 0,
      freePods: 5000,
      ...more.virtualPool,
    },
    companions: more.companions ?? [],
    drain: { burst: 0, target: 0, busy: 0, guessed: 0, ...more.drain },
    rescued: more.rescued && { ...nobodyRescued, ...more.rescued },
    roomClaims: more.roomClaims ?? [],
    limits: {
      freeQuota: undefined,
      creationTokens: undefined,
      namespaceQuota: undefined,
      breaker: 'closed',
      pricePerHour: undefined,
      spentToday: 0,
      ...more.limits,
    },
  };
}

/** A memory that has nothing to hold on to. */
export const blank: Memory = restoredMemory(startMs - 3_600_000, { demand: 0, burst: 0 });
