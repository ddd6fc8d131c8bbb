import { parseQuantity } from '../../policy/quantity.ts';
import { withCondition } from './conditions.ts';
import { emptyHistory, type History, nextReplicas, remembered, replicasForMetric } from './hpa-rules.ts';
import type { Condition, Deployment, HorizontalPodAutoscaler, MetricTarget } from './kube.ts';
import { timeText } from './time.ts';
import type { ExternalMetrics, Stage } from './types.ts';

/** `--horizontal-pod-autoscaler-sync-period`. */
const syncMs = 15_000;
/** The longest window or period that a rule may have. */
const longestSeconds = 3600;

const targets: Readonly<Record<string, string>> = {
  Deployment: 'deployments',
  ReplicaSet: 'replicasets',
  StatefulSet: 'statefulsets',
};

/** The HPA controller, for metrics of type External; others count as not available, which keeps the replicas (or lets them only grow). */
export function startHpas(stage: Stage, metrics: ExternalMetrics): void {
  const { objects } = stage;
  const histories = new Map<string, History>();
  /** When each HPA is looked at next: 15 s after the last time, from its creation on. */
  const planned = new Set<string>();

  const plan = (key: string, uid: string, delayMs: number): void => {
    stage.schedule(stage.now() + delayMs, () => {
      const hpa = objects.get('horizontalpodautoscalers', key);
      if (hpa?.metadata.uid !== uid) {
        planned.delete(uid);
        histories.delete(uid);
        return;
      }
      sync(hpa);
      plan(key, uid, syncMs);
    });
  };

  const sync = (hpa: HorizontalPodAutoscaler): void => {
    const resource = targets[hpa.spec.scaleTargetRef.kind] ?? '';
    const key = `${hpa.metadata.namespace ?? ''}/${hpa.spec.scaleTargetRef.name}`;
    const target = objects.get(resource, key) as Deployment | undefined;
    if (target === undefined) {
      tell(hpa, undefined, undefined, { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale' });
      return;
    }
    const replicas = target.spec.replicas ?? 1;
    if (replicas === 0 && hpa.spec.minReplicas !== 0) {
      tell(hpa, 0, 0, { type: 'ScalingActive', status: 'False', reason: 'ScalingDisabled' });
      return;
    }
    const proposed = propose(hpa, target.status.replicas ?? 0, target.status.readyReplicas ?? 0);
    if (proposed === undefined) {
      tell(hpa, replicas, replicas, {
        type: 'ScalingActive',
        status: 'False',
        reason: 'FailedGetExternalMetric',
      });
      return;
    }
    const history = remembered(histories.get(hpa.metadata.uid) ?? emptyHistory, longestSeconds, stage.now());
    const wanted = nextReplicas(hpa, proposed, replicas, history, stage.now());
    histories.set(hpa.metadata.uid, noted(history, proposed, wanted - replicas));
    if (wanted !== replicas) {
      objects.update(resource, { ...target, spec: { ...target.spec, replicas: wanted } });
    }
    tell(
      hpa,
      target.status.replicas ?? 0,
      wanted,
      { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound' },
      wanted !== replicas,
    );
  };

  const noted = (history: History, proposed: number, change: number): History => {
    const atMs = stage.now();
    return {
      proposals: [...history.proposals, { atMs, replicas: proposed }],
      ups: change > 0 ? [...history.ups, { atMs, replicas: change }] : history.ups,
      downs: change < 0 ? [...history.downs, { atMs, replicas: -change }] : history.downs,
    };
  };

  /** The highest proposal of the metrics; undefined where none is known, or where one is not known and the others would shrink. */
  const propose = (hpa: HorizontalPodAutoscaler, replicas: number, ready: number): number | undefined => {
    const proposals = (hpa.spec.metrics ?? []).map(({ external }) => {
      if (external === undefined) return undefined;
      const { metric, target } = external;
      const value = metrics(hpa.metadata.namespace ?? '', metric.name, metric.selector);
      const wanted = targetOf(target);
      return value === undefined || wanted === undefined
        ? undefined
        : replicasForMetric(value, wanted, replicas, ready);
    });
    const known = proposals.filter((each) => each !== undefined);
    if (known.length === 0) return undefined;
    const highest = Math.max(...known);
    return known.length < proposals.length && highest < replicas ? undefined : highest;
  };

  const tell = (
    hpa: HorizontalPodAutoscaler,
    currentReplicas: number | undefined,
    desiredReplicas: number | undefined,
    condition: Omit<Condition, 'lastTransitionTime'>,
    scaled = false,
  ): void => {
    const { namespace = '', name } = hpa.metadata;
    const able: Omit<Condition, 'lastTransitionTime'> = {
      type: 'AbleToScale',
      status: 'True',
      reason: 'ReadyForNewScale',
    };
    const before =
      condition.type === 'AbleToScale'
        ? hpa.status.conditions
        : withCondition(hpa.status.conditions, able, stage.now());
    objects.updateStatus('horizontalpodautoscalers', {
      metadata: { name, namespace },
      status: {
        ...hpa.status,
        ...(currentReplicas === undefined ? {} : { currentReplicas }),
        ...(desiredReplicas === undefined ? {} : { desiredReplicas }),
        ...(scaled ? { lastScaleTime: timeText(stage.now()) } : {}),
        conditions: withCondition(before, condition, stage.now()),
      },
    });
  };

  objects.onChange(({ type, resource, key, object }) => {
    const { uid } = object.metadata;
    if (resource !== 'horizontalpodautoscalers' || type === 'DELETED' || planned.has(uid)) return;
    planned.add(uid);
    plan(key, uid, 0);
  });
}

function targetOf({
  type,
  value,
  averageValue,
}: MetricTarget): { readonly perPod: number } | { readonly total: number } | undefined {
  if (type === 'AverageValue' && averageValue !== undefined)
    return { perPod: parseQuantity(String(averageValue)) };
  return type === 'Value' && value !== undefined ? { total: parseQuantity(String(value)) } : undefined;
}
