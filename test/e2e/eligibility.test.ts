import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { V1Deployment, V1PodTemplateSpec } from '@kubernetes/client-node';
import fc from 'fast-check';
import { adapt } from '../../src/act/adapt.ts';
import { companionManifest, designCompanion } from '../../src/act/companion.ts';
import type { RuleCode } from '../../src/act/eligibility/rules.ts';
import type { VirtualPool } from '../../src/config.ts';
import { type OwnCluster, startOwnCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { examples } from '../unit/act/eligibility/examples.ts';
import { pool } from '../unit/act/eligibility/given.ts';
import { pools, templates } from '../unit/act/eligibility/templates.ts';
import { policy } from '../unit/decide/given.ts';
import { type Api, connectApi, messageOf } from './api.ts';

const namespace = 'default';
const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
const target = { namespace, uid: 'target-uid' };

let cluster: OwnCluster;
let api: Api;
before(async () => {
  cluster = await startOwnCluster({ extraArgs: { apiserver: ['--allow-privileged=true'] } });
  api = connectApi(cluster);
});
after(async () => {
  await api?.close();
  await cluster?.stop();
});

function deployment(name: string, template: V1PodTemplateSpec): V1Deployment {
  const labels = { ...template.metadata?.labels, example: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 2,
      selector: { matchLabels: { example: name } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The companion of a target, its owner left out: there is no policy, and what has no owner would be collected. */
function companion(name: string, template: V1PodTemplateSpec): V1Deployment {
  const design = designCompanion({ ...target, name }, template);
  const manifest = companionManifest({ ...policy(), namespace }, { ...target, name }, design, 2, 'test');
  const { ownerReferences: _, ...metadata } = manifest.metadata ?? {};
  return { ...manifest, metadata };
}

describe('an adapted template', () => {
  test('is accepted by the API server whenever the template itself is', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(templates, pools, async (template, pool) => {
        const stored = await api.call('POST', `${path}?dryRun=All`, deployment('target', template));
        if (stored.status >= 300) return;
        // As the controller has it: with everything that the API server filled in.
        const whole = (stored.body as V1Deployment).spec?.template ?? {};
        const adapted = adapt(whole, pool).template;
        if (adapted === undefined) return;
        accepted += 1;
        const answer = await api.call('POST', `${path}?dryRun=All`, companion('target', adapted));
        assert.equal(answer.status, 201, messageOf(answer));
      }),
      { numRuns: 300, endOnFailure: true },
    );
    assert.ok(accepted > 100, `only ${accepted} of 300 were adapted`);
  });

  const dropped = [
    'TEMPLATE_ANTI_AFFINITY',
    'TEMPLATE_SPREAD',
    'TEMPLATE_NODE_SELECTOR',
    'TEMPLATE_NODE_AFFINITY',
    'TEMPLATE_INIT_RESOURCES',
    'TEMPLATE_STARTUP_PROBE',
    'TEMPLATE_EPHEMERAL_STORAGE',
  ] as const satisfies readonly RuleCode[];

  test('runs on the virtual node, two pods of each, without what a rule leaves out', async () => {
    for (const code of dropped) await create(nameOf(code), adapted(code, pool()));
    for (const code of dropped) await running(nameOf(code), 2);
  });

  test('would stay pending with a request for ephemeral storage, as the rule says', async () => {
    const code = 'TEMPLATE_EPHEMERAL_STORAGE';
    const as = `${nameOf(code)}-kept`;
    await create(as, adapted(code, pool({ rules: { [code]: 'off' } })));
    await waitFor('the scheduler to say why', async () => {
      const pods = await podsOf(as);
      const said = pods.flatMap(({ status }) => status.conditions ?? []).map(({ message = '' }) => message);
      return said.filter((message) => message.includes('Insufficient ephemeral-storage')).length === 2;
    });
  });
});

function adapted(code: RuleCode, to: VirtualPool): V1PodTemplateSpec {
  const { template } = adapt(examples[code].template, to);
  assert.ok(template !== undefined, code);
  return template;
}

function nameOf(code: RuleCode): string {
  return code.toLowerCase().replaceAll('_', '-').replace('template-', '');
}

async function create(name: string, template: V1PodTemplateSpec): Promise<void> {
  const labelled = { ...template, metadata: { ...template.metadata, labels: { example: name } } };
  const answer = await api.call('POST', path, companion(name, labelled));
  assert.equal(answer.status, 201, messageOf(answer));
}

async function running(name: string, count: number): Promise<void> {
  await waitFor(`${count} pods of ${name} to run on the virtual node`, async () => {
    const pods = await podsOf(name);
    const there = pods.filter(
      ({ spec, status }) => spec.nodeName === cluster.virtualNode.name && status.phase === 'Running',
    );
    return there.length === count;
  });
}

interface PodView {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly message?: string }[];
  };
}

async function podsOf(name: string): Promise<readonly PodView[]> {
  const list = await api.get<{ readonly items: readonly PodView[] }>(
    `/api/v1/namespaces/${namespace}/pods?labelSelector=example%3D${name}`,
  );
  return list?.items ?? [];
}
