import { carries } from '../policy/labels.ts';
import type { Policy } from '../policy/policy.ts';
import type { RawPodTemplate } from './raw.ts';
import type { SlimJob, SlimPod, SlimReplicaSet, SlimScaler, SlimWorkload } from './slim.ts';
import type { Store } from './store.ts';

/** The target of a policy as it stands. */
export interface TargetState {
  /** The Deployment or StatefulSet; undefined: the target is Jobs. */
  readonly workload: SlimWorkload | undefined;
  /** The Jobs that the selector selects and that are not finished. */
  readonly jobs: readonly SlimJob[];
  /** Pod template as it is in the cluster; of Jobs, that of the newest. */
  readonly template: RawPodTemplate;
  /** `spec.replicas`; of Jobs, the pods that they still want. */
  readonly replicas: number;
  /** Who else sets the replicas, `HorizontalPodAutoscaler media/x`; undefined: nobody that can be seen. */
  readonly scaledBy: string | undefined;
  readonly rollingOut: boolean;
  /**
   * HPAs that scale the target by a metric of its pods. They find pods by label and so count burst pods too, which keep
   * the target's labels (kubernetes#124307): worth a warning.
   */
  readonly hpasThatCountBurst: readonly string[];
  readonly pods: readonly SlimPod[];
}

/** Finds the target of a policy; undefined: it is not there. Jobs are always there, if only none of them. */
export function targetOf(store: Store, policy: Policy): TargetState | undefined {
  const { target, namespace } = policy;
  if (target.kind === 'Jobs') return jobsOf(store, namespace, target.matchLabels);
  const key = `${namespace}/${target.name}`;
  const workload = target.kind === 'Deployment' ? store.deployments.get(key) : store.statefulsets.get(key);
  if (workload === undefined) return undefined;
  const scalerTarget = `${namespace}/${target.kind}/${target.name}`;
  const hpas = store.hpas.by('target', scalerTarget);
  const scaler: SlimScaler | undefined = store.scaledobjects.by('target', scalerTarget)[0] ?? hpas[0];
  return {
    workload,
    jobs: [],
    template: workload.template,
    replicas: workload.replicas,
    scaledBy: scaler === undefined ? undefined : `${scaler.kind} ${scaler.key}`,
    rollingOut: isRollingOut(store, workload),
    hpasThatCountBurst: hpas.filter(countsPods).map(({ key }) => key),
    pods: store.podsOf(workload.uid),
  };
}

/** The ReplicaSet of the current template: the one with the Deployment's own revision. */
export function currentReplicaSet(store: Store, deployment: SlimWorkload): SlimReplicaSet | undefined {
  const revision = deployment.annotations['deployment.kubernetes.io/revision'];
  return store.replicasets.by('owner', deployment.uid).find((set) => set.revision === revision);
}

/** Pods that the Jobs still want: their parallelism, but no more than completions that are missing. */
export function wantedByJob({ suspended, parallelism, completions, succeeded }: SlimJob): number {
  if (suspended) return 0;
  if (completions === undefined) return succeeded > 0 ? 0 : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

function jobsOf(store: Store, namespace: string, matchLabels: Readonly<Record<string, string>>): TargetState {
  const jobs = store.jobs
    .by('namespace', namespace)
    .filter((job) => !job.finished && !job.deleting)
    .filter((job) => carries(job.labels, matchLabels))
    .sort((a, b) => a.createdAtMs - b.createdAtMs);
  return {
    workload: undefined,
    jobs,
    template: jobs.at(-1)?.template ?? {},
    replicas: jobs.reduce((sum, job) => sum + wantedByJob(job), 0),
    scaledBy: undefined,
    rollingOut: false,
    hpasThatCountBurst: [],
    pods: jobs.flatMap((job) => store.podsOf(job.uid)),
  };
}

/** Pods of an older template are still wanted or still there. Scaling alone is no rollout. */
function isRollingOut(store: Store, workload: SlimWorkload): boolean {
  const { status } = workload;
  if (workload.kind === 'StatefulSet') {
    return status.updateRevision !== status.currentRevision && status.updatedReplicas < workload.replicas;
  }
  const current = currentReplicaSet(store, workload);
  return (
    status.updatedReplicas < status.replicas ||
    store.replicasets.by('owner', workload.uid).some((set) => set !== current && set.replicas > 0)
  );
}

/**
 * Metrics that an HPA averages over the pods that its selector finds. `ExternalValue` and `ObjectValue` are among them: a
 * `Value` is multiplied by the ready pods, an `AverageValue` divided by the target's own `status.replicas`
 * (kubernetes, podautoscaler/replica_calculator.go, `getUsageRatioReplicaCount`).
 */
const averagedOverPods: ReadonlySet<string> = new Set([
  'Resource',
  'ContainerResource',
  'Pods',
  'ExternalValue',
  'ObjectValue',
]);

function countsPods(hpa: SlimScaler): boolean {
  return !hpa.byOwner && hpa.metricTypes.some((type) => averagedOverPods.has(type));
}
