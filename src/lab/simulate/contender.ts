import { type Problem, problem } from '../../policy/problem.ts';
import { resolvePolicy } from '../../policy/resolve.ts';
import { apiVersion, type BurstPolicy, policyKind } from '../../policy/schema.ts';
import { isRecord } from '../../policy/schema-tree.ts';
import { validatePolicy } from '../../policy/validate.ts';
import type { ContenderFile, ScenarioFile } from './scenario-schema.ts';

/** One way to run the workload, ready to be tried. */
export type Contender = { readonly name: string } & (
  | { readonly type: 'policy'; readonly policy: BurstPolicy }
  | Exclude<ContenderFile, { type: 'policy' }>
);

/** A policy as it can be simulated, or why it cannot; places are in the object. */
export type Checked =
  | { readonly policy: BurstPolicy; readonly problems: readonly [] }
  | { readonly policy: undefined; readonly problems: readonly Problem[] };

/** Checks the object of a file as the API server would, and that it is about the scenario's workload. */
export function checkPolicy(object: unknown, scenario: ScenarioFile): Checked {
  const problems = validatePolicy(object);
  if (problems.length > 0) return { policy: undefined, problems };
  const policy = object as BurstPolicy;
  const unfit = unfitness(policy, scenario);
  return unfit.length > 0 ? { policy: undefined, problems: unfit } : { policy, problems: [] };
}

/** The object of a spec that stands in the scenario itself: what names the target and the queue is filled in. */
export function inlinePolicy(
  spec: Readonly<Record<string, unknown>>,
  { workload, queue }: ScenarioFile,
): unknown {
  const scaling = spec['scaling'];
  return {
    apiVersion,
    kind: policyKind,
    metadata: { name: workload.name, namespace: workload.namespace },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: workload.name },
      ...spec,
      ...(isRecord(scaling)
        ? { scaling: { ...scaling, sources: withFeeds(scaling['sources'], queue) } }
        : {}),
    },
  };
}

function withFeeds(sources: unknown, queue: string): unknown {
  if (!Array.isArray(sources)) return sources;
  return sources.map((source: unknown) =>
    isRecord(source) && source['type'] === undefined
      ? {
          name: queue.replaceAll(/[^a-z0-9-]/g, '-'),
          type: 'BullMQ',
          bullmq: { queue, urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } } },
          ...source,
        }
      : source,
  );
}

/** What the simulation has no model for. */
function unfitness(object: BurstPolicy, { workload }: ScenarioFile): readonly Problem[] {
  const { target, namespace, burst, scaling } = resolvePolicy(object);
  const found: (Problem | false)[] = [
    target.kind !== 'Deployment' &&
      problem(['spec'], 'only a Deployment can be simulated: write targetRef with kind Deployment'),
    target.kind === 'Deployment' &&
      target.name !== workload.name &&
      problem(
        ['spec', 'targetRef', 'name'],
        `the workload of the scenario is ${workload.name}: write the same name in both`,
      ),
    namespace !== workload.namespace &&
      problem(
        ['metadata', 'namespace'],
        `the workload of the scenario is in namespace ${workload.namespace}: write the same in both`,
      ),
    burst.strategy !== 'Companion' &&
      problem(['spec', 'burst', 'strategy'], 'only Companion can be simulated'),
    (scaling?.sources.length ?? 1) > 1 &&
      problem(['spec', 'scaling', 'sources'], 'a scenario has one queue: leave one source'),
  ];
  return found.filter((each): each is Problem => each !== false);
}
