import type { HorizontalPodAutoscaler, HpaRules } from './kube.ts';

/** A proposal or a change of replicas, with its time. */
export interface Past {
  readonly atMs: number;
  /** Proposals: replicas wanted. Changes: by how many they changed, always positive. */
  readonly replicas: number;
}

export interface History {
  readonly proposals: readonly Past[];
  readonly ups: readonly Past[];
  readonly downs: readonly Past[];
}

export const emptyHistory: History = { proposals: [], ups: [], downs: [] };

const tolerance = 0.1;
const downStabilisationSeconds = 300;
/** What `behavior` leaves out (autoscaling/v2, defaults.go). */
const defaultUp: Required<HpaRules> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const defaultDown: Required<HpaRules> = {
  stabilizationWindowSeconds: downStabilisationSeconds,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

/** Replicas for one external metric: unchanged within the tolerance of 10 % (podautoscaler/replica_calculator.go). */
export function replicasForMetric(
  value: number,
  target: { readonly perPod: number } | { readonly total: number },
  replicas: number,
  readyReplicas: number,
): number {
  if ('perPod' in target) {
    const ratio = replicas === 0 ? Number.POSITIVE_INFINITY : value / (target.perPod * replicas);
    return Math.abs(1 - ratio) <= tolerance ? replicas : Math.ceil(value / target.perPod);
  }
  const ratio = value / target.total;
  if (replicas === 0) return Math.ceil(ratio);
  return Math.abs(1 - ratio) <= tolerance ? replicas : Math.ceil(ratio * readyReplicas);
}

/**
 * How many replicas an HPA really sets, when its metrics propose `proposed`: stabilised and stepped (podautoscaler/horizontal.go). Without `behavior` at most
 * the double, but 4, at a time, and down only to the highest proposal of 5 min; with it as its rules say.
 */
export function nextReplicas(
  { spec }: HorizontalPodAutoscaler,
  proposed: number,
  replicas: number,
  history: History,
  nowMs: number,
): number {
  const { minReplicas = 1, maxReplicas, behavior } = spec;
  const bounded = (wanted: number): number => Math.min(maxReplicas, Math.max(minReplicas, wanted));
  if (behavior === undefined) {
    const stabilised = highest(history.proposals, proposed, downStabilisationSeconds, nowMs);
    return bounded(Math.min(stabilised, Math.max(2 * replicas, 4)));
  }
  const up = { ...defaultUp, ...behavior.scaleUp };
  const down = { ...defaultDown, ...behavior.scaleDown };
  const lowest = Math.min(proposed, ...within(history.proposals, up.stabilizationWindowSeconds, nowMs));
  const peak = highest(history.proposals, proposed, down.stabilizationWindowSeconds, nowMs);
  const stabilised = Math.min(Math.max(replicas, lowest), Math.max(peak, lowest));
  if (stabilised > replicas)
    return bounded(Math.min(stabilised, Math.max(replicas, mostUp(up, replicas, history, nowMs))));
  if (stabilised < replicas)
    return bounded(Math.max(stabilised, Math.min(replicas, leastDown(down, replicas, history, nowMs))));
  return bounded(replicas);
}

/** History with what is older than `keepSeconds` forgotten. */
export function remembered(history: History, keepSeconds: number, nowMs: number): History {
  const young = (past: readonly Past[]): readonly Past[] =>
    past.filter(({ atMs }) => nowMs - atMs <= keepSeconds * 1000);
  return { proposals: young(history.proposals), ups: young(history.ups), downs: young(history.downs) };
}

function mostUp(rules: Required<HpaRules>, replicas: number, { ups, downs }: History, nowMs: number): number {
  if (rules.selectPolicy === 'Disabled') return replicas;
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = replicas - total(ups, periodSeconds, nowMs) + total(downs, periodSeconds, nowMs);
    return type === 'Pods' ? start + value : Math.ceil(start * (1 + value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
}

function leastDown(
  rules: Required<HpaRules>,
  replicas: number,
  { ups, downs }: History,
  nowMs: number,
): number {
  if (rules.selectPolicy === 'Disabled') return replicas;
  const limits = rules.policies.map(({ type, value, periodSeconds }) => {
    const start = replicas - total(ups, periodSeconds, nowMs) + total(downs, periodSeconds, nowMs);
    return type === 'Pods' ? start - value : Math.floor(start * (1 - value / 100));
  });
  return rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
}

function total(past: readonly Past[], periodSeconds: number, nowMs: number): number {
  return past.reduce(
    (sum, { atMs, replicas }) => (nowMs - atMs < periodSeconds * 1000 ? sum + replicas : sum),
    0,
  );
}

function within(past: readonly Past[], seconds: number, nowMs: number): readonly number[] {
  return past.filter(({ atMs }) => nowMs - atMs < seconds * 1000).map(({ replicas }) => replicas);
}

function highest(past: readonly Past[], proposed: number, seconds: number, nowMs: number): number {
  return Math.max(proposed, ...within(past, seconds, nowMs));
}
