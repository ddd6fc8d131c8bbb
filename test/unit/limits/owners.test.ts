import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rescuedAnnotation } from '../../../src/cluster/rescued.ts';
import { slimJob, slimPod, slimPolicy, slimWorkload } from '../../../src/cluster/slimming.ts';
import type { SlimObject, SlimPod } from '../../../src/cluster/slim.ts';
import { Store } from '../../../src/cluster/store.ts';
import { Owners, templateKey, templateOf } from '../../../src/limits/owners.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import type { BurstPolicy } from '../../../src/policy/schema.ts';
import { interner, meta, owner, rawPod } from '../cluster/given.ts';

const labels = { app: 'render' };

function policyOf(name: string, target: object): BurstPolicy {
  return {
    apiVersion: 'spillway.dev/v1alpha1',
    kind: 'BurstPolicy',
    metadata: { ...meta(name), name },
    spec: { ...target, burst: { strategy: 'Rescue', maxReplicas: 50 } },
  };
}

const targetRef = (kind: string): object => ({ targetRef: { apiVersion: 'apps/v1', kind, name: 'x' } });
const policies = {
  deployment: policyOf('a', targetRef('Deployment')),
  statefulSet: policyOf('b', targetRef('StatefulSet')),
  jobs: policyOf('render', { jobSelector: { matchLabels: labels } }),
};

function storeOf(): Store {
  const store = new Store();
  const take = (table: 'deployments' | 'statefulsets' | 'jobs' | 'policies', object: SlimObject): void => {
    // Each table takes its own kind.
    const { resourceVersion } = object;
    (store[table] as unknown as { take(event: object): void }).take({
      type: 'modified',
      object,
      resourceVersion,
    });
  };
  for (const policy of Object.values(policies)) take('policies', slimPolicy(policy as object, interner));
  const of = (uid: string): object => ({ metadata: meta('x', { uid }), spec: { template: {} } });
  take('deployments', slimWorkload('Deployment')(of('uid-deployment'), interner));
  take('statefulsets', slimWorkload('StatefulSet')(of('uid-set'), interner));
  for (const name of ['render-1', 'render-2']) {
    take('jobs', slimJob({ metadata: meta(name, { labels }), spec: { template: {} } } as object, interner));
  }
  return store;
}

const podOf = (uid: string, kind: string): SlimPod =>
  slimPod(
    rawPod(`pod-of-${uid}`, { meta: { ...owner(uid, kind), annotations: { [rescuedAnnotation]: 'd' } } }),
    interner,
  );

test('failures are counted by what the policy bursts with: workloads of one name by their kinds, Jobs by their policy', () => {
  const owners = new Owners(storeOf());
  owners.refresh();
  const keys = (uid: string, kind: string, policy: BurstPolicy): readonly unknown[] => {
    const found = owners.of(podOf(uid, kind)) ?? assert.fail(uid);
    assert.equal(found.template, templateOf(resolvePolicy(policy), undefined), 'asked for as it is counted');
    return [found.template, found.costly];
  };
  assert.deepEqual(keys('uid-deployment', 'ReplicaSet', policies.deployment), ['media/Deployment/x', false]);
  assert.deepEqual(keys('uid-set', 'StatefulSet', policies.statefulSet), ['media/StatefulSet/x', false]);
  assert.deepEqual(keys('uid-render-1', 'Job', policies.jobs), ['media/Jobs/render', true]);
  assert.deepEqual(keys('uid-render-2', 'Job', policies.jobs), ['media/Jobs/render', true]);
});

test('companions have templates of their own, and what cannot burst has none', () => {
  const companion = policyOf('a', targetRef('Deployment'));
  const policy = resolvePolicy({
    ...companion,
    spec: { ...companion.spec, burst: { maxReplicas: 5 } },
  });
  assert.equal(templateOf(policy, 'x-burst-1'), templateKey('media', 'Deployment', 'x-burst-1'));
  assert.equal(templateOf(policy, undefined), undefined);
});
