import type { QuotaTraits, Resources } from '../decide/observation.ts';
import { podRequests } from '../decide/requests.ts';
import type { Quantities, RawContainer, RawPodSpec, RawResources } from './raw.ts';

/** What a ResourceQuota looks at besides the requests of a pod. */
export function quotaTraits(spec: RawPodSpec): QuotaTraits {
  const parts = [spec, ...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return {
    limits: podLimits(spec),
    bestEffort: parts.every(({ resources }) => !asksFor(resources?.requests) && !asksFor(resources?.limits)),
    terminating: spec.activeDeadlineSeconds !== undefined,
    priorityClass: spec.priorityClassName,
  };
}

/** Limits add up over containers as requests do (k8s.io/component-helpers `resource.PodLimits`). */
function podLimits(spec: RawPodSpec): Resources {
  return podRequests({
    containers: (spec.containers ?? []).map(limitsOnly),
    initContainers: (spec.initContainers ?? []).map(limitsOnly),
    ...(spec.resources?.limits === undefined ? {} : { resources: { requests: spec.resources.limits } }),
    ...(spec.overhead === undefined ? {} : { overhead: limited(spec, spec.overhead) }),
  });
}

function limitsOnly({ restartPolicy, resources }: RawContainer): RawContainer {
  return {
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    ...(resources?.limits === undefined ? {} : { resources: { requests: resources.limits } }),
  };
}

/** Overhead counts only for what is limited at all. */
function limited(spec: RawPodSpec, overhead: Quantities): Quantities {
  const limits = [spec.resources, ...(spec.containers ?? []).map(({ resources }) => resources)];
  const names = new Set(limits.flatMap((each: RawResources | undefined) => Object.keys(each?.limits ?? {})));
  return Object.fromEntries(Object.entries(overhead).filter(([name]) => names.has(name)));
}

function asksFor(quantities: Quantities | undefined): boolean {
  return quantities?.cpu !== undefined || quantities?.memory !== undefined;
}
