import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { quotaLeft, type SlimQuota, slimQuota } from '../../../src/cluster/quota.ts';
import type { RawPodSpec } from '../../../src/cluster/raw.ts';
import { refusalIn, refusedPods } from '../../../src/cluster/refusal.ts';
import { slimWorkload } from '../../../src/cluster/slimming.ts';
import type { PodShape } from '../../../src/decide/observation.ts';
import { interner, meta, pod, workload } from './given.ts';

type Amounts = Readonly<Record<string, string>>;

function quota(name: string, hard: Amounts, used: Amounts = {}, spec: object = {}): SlimQuota {
  const raw = { metadata: meta(name), spec: { hard, ...spec }, status: { hard, used } };
  return slimQuota(raw, interner);
}

function shape(requests: Amounts, limits: Amounts = {}, more: RawPodSpec = {}): PodShape {
  return pod('p', { spec: { containers: [{ name: 'main', resources: { requests, limits } }], ...more } })
    .shape;
}

const small = shape({ cpu: '500m', memory: '1Gi' }, { cpu: '1', memory: '2Gi' });

function left(quotas: readonly SlimQuota[], asking = small): number | undefined {
  return quotaLeft(quotas, asking)?.pods;
}

describe('what quotas leave', () => {
  test('nothing is limited without a quota, or by one that counts other things', () => {
    assert.equal(left([]), undefined);
    assert.equal(
      left([quota('others', { services: '1', 'requests.nvidia.com/gpu': '0' }, { services: '1' })]),
      undefined,
    );
  });

  test('pods are counted by number', () => {
    assert.equal(left([quota('q', { pods: '10' }, { pods: '7' })]), 3);
    assert.equal(left([quota('q', { 'count/pods': '10' }, { 'count/pods': '12' })]), 0);
  });

  test('requests and limits are divided by what one pod asks for; cpu and requests.cpu are one', () => {
    assert.equal(left([quota('q', { 'requests.cpu': '4' }, { 'requests.cpu': '1250m' })]), 5);
    assert.equal(left([quota('q', { cpu: '4' }, { cpu: '1250m' })]), 5);
    assert.equal(left([quota('q', { 'requests.memory': '10Gi' }, { 'requests.memory': '7Gi' })]), 3);
    assert.equal(left([quota('q', { memory: '10Gi' }, { memory: '7Gi' })]), 3);
    assert.equal(left([quota('q', { 'limits.cpu': '6' }, { 'limits.cpu': '4' })]), 2);
    assert.equal(left([quota('q', { 'limits.memory': '6Gi' }, { 'limits.memory': '4Gi' })]), 1);
  });

  test('the tightest resource of the tightest quota tells, and by which name', () => {
    const quotas = [
      quota('roomy', { pods: '100', 'requests.cpu': '50' }, {}),
      quota('tight', { pods: '9', 'limits.cpu': '4' }, { pods: '1' }),
    ];
    assert.deepEqual(quotaLeft(quotas, small), { pods: 4, quota: 'tight' });
  });

  test('sidecars count, and a pod that says no limits is not held against limits', () => {
    const sidecar = { name: 's', restartPolicy: 'Always', resources: { limits: { cpu: '1' } } };
    const withSidecar = shape({ cpu: '500m' }, { cpu: '1' }, { initContainers: [sidecar] });
    assert.equal(left([quota('q', { 'limits.cpu': '6' })], withSidecar), 3);
    assert.equal(left([quota('q', { 'limits.cpu': '6' })], shape({ cpu: '500m' })), undefined);
  });

  test('a quota that has not been counted yet leaves all of it', () => {
    const raw = { metadata: meta('new'), spec: { hard: { pods: '5' } } };
    assert.equal(left([slimQuota(raw, interner)]), 5);
  });
});

describe('scopes', () => {
  const scoped = (...scopes: readonly string[]) => [quota('q', { pods: '2' }, {}, { scopes })];
  const selecting = (operator: string, ...values: readonly string[]) => [
    quota(
      'q',
      { pods: '2' },
      {},
      { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] } },
    ),
  ];

  test('a quota counts only pods in all of its scopes', () => {
    const bestEffort = shape({});
    const ending = shape({ cpu: '1' }, {}, { activeDeadlineSeconds: 60 });
    assert.equal(left(scoped('NotTerminating')), 2);
    assert.equal(left(scoped('Terminating')), undefined);
    assert.equal(left(scoped('Terminating'), ending), 2);
    assert.equal(left(scoped('NotTerminating'), ending), undefined);
    assert.equal(left(scoped('NotBestEffort')), 2);
    assert.equal(left(scoped('NotBestEffort'), bestEffort), undefined);
    assert.equal(left(scoped('BestEffort'), bestEffort), 2);
    assert.equal(left(scoped('NotTerminating', 'BestEffort')), undefined);
    assert.equal(left(scoped('CrossNamespacePodAffinity')), undefined);
  });

  test('a priority class is selected by its name', () => {
    const batch = shape({ cpu: '1' }, {}, { priorityClassName: 'batch', priority: 100 });
    assert.equal(left(selecting('In', 'batch', 'night'), batch), 2);
    assert.equal(left(selecting('In', 'batch')), undefined);
    assert.equal(left(selecting('NotIn', 'batch')), 2);
    assert.equal(left(selecting('NotIn', 'batch'), batch), undefined);
    assert.equal(left(selecting('Exists'), batch), 2);
    assert.equal(left(selecting('DoesNotExist')), 2);
    assert.equal(left(scoped('PriorityClass'), batch), 2);
    assert.equal(left(scoped('PriorityClass')), undefined);
  });

  test('equal pods of different priority classes have different shapes', () => {
    const of = (priorityClassName: string) => shape({ cpu: '1' }, {}, { priorityClassName });
    assert.notEqual(of('day'), of('night'));
    assert.equal(of('day'), of('day'));
  });
});

describe('pods that are refused', () => {
  const failing = (message: string) => [
    { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
  ];

  test('the quota is named, and nothing else of what the server said', () => {
    assert.deepEqual(
      refusalIn(
        failing(
          'pods "worker-burst-1-x" is forbidden: exceeded quota: team-quota, requested: pods=1, used: pods=10, limited: pods=10',
        ),
      ),
      { cause: 'QuotaExceeded', quota: 'team-quota' },
    );
    assert.deepEqual(
      refusalIn(failing('pods "w" is forbidden: failed quota: compute: must specify limits.cpu for: main')),
      { cause: 'QuotaWantsLimits', quota: 'compute' },
    );
    assert.deepEqual(refusalIn(failing('admission webhook "x" denied the request: secret')), {
      cause: 'Other',
      quota: undefined,
    });
    assert.equal(refusalIn([{ type: 'ReplicaFailure', status: 'False' }]), undefined);
    assert.equal(refusalIn(undefined), undefined);
  });

  test('only replicas without a pod are refused', () => {
    const conditions = failing('exceeded quota: team-quota, requested');
    const deployment = slimWorkload('Deployment')(
      workload('burst', { spec: { replicas: 20 }, status: { conditions } }),
      interner,
    );
    assert.deepEqual(refusedPods(deployment, 12), { pods: 8, cause: 'QuotaExceeded', quota: 'team-quota' });
    assert.equal(refusedPods(deployment, 20), undefined);
    const fine = slimWorkload('Deployment')(workload('fine', { spec: { replicas: 20 } }), interner);
    assert.equal(refusedPods(fine, 12), undefined);
  });
});
