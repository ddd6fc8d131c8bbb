import type { Decision, SourceDemand } from '../decide/decision.ts';
import { parseDuration } from '../policy/duration.ts';
import { parseQuantity } from '../policy/quantity.ts';
import type { BurstPolicy } from '../policy/schema.ts';
import type { Labels } from './selector.ts';

/** What is known of one policy now. A number that is not known is undefined, never a guess (promise 8). */
export interface PolicyReading {
  readonly namespace: string;
  readonly name: string;
  /** When it was decided, milliseconds since the epoch; undefined: nothing has been decided yet. */
  readonly atMs: number | undefined;
  /** Pods of the target that the scheduler has called Unschedulable. */
  readonly stuck: number | undefined;
  /** Burst pods that are bound to virtual nodes. */
  readonly burst: number | undefined;
  readonly sources: readonly SourceReading[];
}

/** What is known of one source of a policy. */
export interface SourceReading {
  readonly name: string;
  /** `source`, `type` and, for those that have one, `queue`. */
  readonly labels: Labels;
  readonly lost: boolean;
  /** Jobs that wait. */
  readonly backlog: number | undefined;
  /** How long the oldest waiting job has waited, seconds; 0: none waits. */
  readonly oldestSeconds: number | undefined;
  /** Replicas that the source asks for. */
  readonly replicas: number | undefined;
}

type SourceStatus = NonNullable<NonNullable<BurstPolicy['status']>['sources']>[number];
type SourceSpec = NonNullable<BurstPolicy['spec']['scaling']>['sources'][number];
type Numbers = Omit<SourceReading, 'name' | 'labels'>;

/**
 * What is known of a policy: from the last decision where this process leads, else from the status that the leader wrote,
 * whose numbers are at most 15 s behind (report/status-writes.ts).
 */
export function readingOf(policy: BurstPolicy, decision: Decision | undefined): PolicyReading {
  const { metadata, spec, status } = policy;
  const numbersOf = (name: string): Numbers => {
    if (decision === undefined) return ofStatus(status?.sources?.find((one) => one.name === name));
    return ofDecision(decision.sources.find((one) => one.name === name));
  };
  const at = Date.parse(status?.lastDecision?.at ?? '');
  return {
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    atMs: decision?.atMs ?? (Number.isFinite(at) ? at : undefined),
    stuck: decision === undefined ? status?.stuck : decision.stuck,
    burst: decision === undefined ? status?.burst?.running : decision.burst.running,
    sources: (spec.scaling?.sources ?? []).map((source) => ({
      name: source.name,
      labels: labelsOf(source),
      ...numbersOf(source.name),
    })),
  };
}

function labelsOf({ name, type, bullmq, redisList, redisStream }: SourceSpec): Labels {
  const queue = bullmq?.queue ?? redisList?.key ?? redisStream?.key;
  return { source: name, type, ...(queue === undefined ? {} : { queue }) };
}

/** Nothing was said of it: a source that is new in the policy. */
const unknown: Numbers = { lost: false, backlog: undefined, oldestSeconds: undefined, replicas: undefined };
const lost: Numbers = { ...unknown, lost: true };

function ofDecision(source: SourceDemand | undefined): Numbers {
  if (source === undefined) return unknown;
  if (source.state === 'lost') return lost;
  const { backlog, oldestAgeSeconds, replicas } = source;
  return { lost: false, backlog, oldestSeconds: ageOf(backlog, oldestAgeSeconds), replicas };
}

function ofStatus(source: SourceStatus | undefined): Numbers {
  if (source === undefined) return unknown;
  if (source.state === 'Lost') return lost;
  const { backlog, oldestJobAge, demand } = source;
  const age = oldestJobAge === undefined ? undefined : parseDuration(oldestJobAge);
  const replicas = demand === undefined ? undefined : parseQuantity(demand);
  return { lost: false, backlog, oldestSeconds: ageOf(backlog, age), replicas };
}

/** Where nothing waits nothing has waited, also for kinds of source that do not tell ages. */
function ageOf(backlog: number | undefined, ageSeconds: number | undefined): number | undefined {
  return backlog === 0 ? 0 : ageSeconds;
}
