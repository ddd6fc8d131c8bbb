import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { SpillwayError } from '../../errors.ts';
import type { KubeInput } from '../../lab/world/kube.ts';
import { withSpeed } from '../../lab/world/scenario.ts';
import type { Scenario } from '../../lab/world/types.ts';
import type { BurstPolicy } from '../../policy/schema.ts';
import { validatePolicy } from '../../policy/validate.ts';

export const namespace = 'media';
export const target = 'thumbnail-worker';
export const queue = 'thumbnails';

/** Container Instances, East US, Linux, pay as you go: order of magnitude (azure.microsoft.com/pricing). */
export const prices = { perCpuHour: 0.0405, perMemoryGbHour: 0.00445 } as const;

/** What a worker asks for. */
export const worker = { cpu: 1, memoryGb: 1 } as const;

/** The policy of the demo, as somebody would write it. */
const ownPolicy = {
  apiVersion: 'spillway.dev/v1alpha1',
  kind: 'BurstPolicy',
  metadata: { name: 'thumbnails', namespace },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    scaling: {
      minReplicas: 2,
      maxReplicas: 60,
      scaleDownStabilization: '10s',
      sources: [
        {
          name: 'thumbnails',
          type: 'BullMQ',
          bullmq: { queue, urlFrom: { secretKeyRef: { name: 'redis', key: 'url' } } },
          drainWithin: '45s',
          expectedJobDuration: '250ms',
        },
      ],
    },
    burst: { vmPool: 'Grow', maxReplicas: 40, reclaim: { after: '3s' } },
  },
};

/**
 * The lab of the demo: two VM nodes of four cores, a pool that may grow to eight, and a virtual node. `speed` divides
 * what a real cloud takes to start things: minutes for a VM, half a minute for a container group.
 */
export function sceneOf(options: {
  readonly redisUrl: string;
  readonly speed: number;
  readonly policy: KubeInput;
}): Scenario {
  const { redisUrl, speed, policy } = options;
  const scenario: Scenario = {
    pools: [{ name: 'vm', nodes: 2, minNodes: 2, maxNodes: 8, cpu: '4', memory: '16Gi' }],
    // Container Instances would kill at once; here a worker may finish its job.
    virtualNodes: [{ settings: { deletion: 'honour' } }],
    autoscaler: {},
    objects: [
      {
        resource: 'secrets',
        object: {
          metadata: { name: 'redis', namespace },
          data: { url: Buffer.from(redisUrl).toString('base64') },
        },
      },
      { resource: 'deployments', object: workerDeployment() },
      { resource: 'burstpolicies', object: policy },
    ],
  };
  return withSpeed(scenario, speed);
}

/** The policy to show: the demo's own, or that of a file, which has to name the demo's namespace, target, queue and Secret. */
export function policyOf(file: string | undefined): BurstPolicy {
  const value = file === undefined ? ownPolicy : read(file);
  const [problem] = validatePolicy(value);
  if (problem !== undefined) {
    throw new SpillwayError('POLICY_INVALID', {
      policy: file ?? '',
      path: problem.path,
      problem: problem.message,
    });
  }
  const policy = value as BurstPolicy;
  const { targetRef, scaling } = policy.spec;
  const readable = (scaling?.sources ?? []).every(({ bullmq }) => {
    const secret = bullmq?.urlFrom.secretKeyRef;
    return bullmq?.queue === queue && secret?.name === 'redis' && secret.key === 'url';
  });
  if (targetRef?.name !== target || policy.metadata.namespace !== namespace || !readable) {
    throw new SpillwayError('DEMO_POLICY', { namespace, target, queue });
  }
  return policy;
}

function read(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SpillwayError('CHECK_UNREADABLE', { file, problem: 'it cannot be opened' }, error);
  }
  const document = parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) {
    const { line = 1, col = 1 } = broken.linePos?.[0] ?? {};
    throw new SpillwayError('CHECK_NOT_YAML', { file, line, column: col, problem: broken.code });
  }
  return document.toJS();
}

function workerDeployment(): KubeInput {
  const labels = { app: 'thumbnails' };
  return {
    metadata: { name: target, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 30,
          containers: [
            {
              name: 'worker',
              image: 'example.com/thumbnails:1',
              resources: { requests: { cpu: String(worker.cpu), memory: `${worker.memoryGb}Gi` } },
            },
          ],
        },
      },
    },
  };
}
