import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { resourcesOf } from '../../../src/decide/requests.ts';
import { poisson } from '../../../src/lab/world/arrivals.ts';
import { exponential } from '../../../src/lab/world/distribution.ts';
import { needsOf } from '../../../src/lab/world/needs.ts';
import { createRandom } from '../../../src/lab/world/random.ts';
import type { World } from '../../../src/lab/world/types.ts';
import { deployment, dump, onVirtualNode, pool, ready, run, scale, startMs, world } from './given.ts';

/** What somebody outside does, one thing after the other. */
type Deed =
  | { readonly kind: 'scale'; readonly name: string; readonly replicas: number }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'kill' | 'revive'; readonly node: string }
  | { readonly kind: 'deletePod'; readonly index: number }
  | { readonly kind: 'failCreates'; readonly fail: boolean };

const node = fc.constantFrom('vm-0', 'vm-1', 'vm-2');
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    kind: fc.constant('scale' as const),
    name: fc.constantFrom('worker', 'burst', 'urgent'),
    replicas: fc.nat(20),
  }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ kind: fc.constantFrom('kill' as const, 'revive' as const), node }),
  fc.record({ kind: fc.constant('deletePod' as const), index: fc.nat(30) }),
  fc.record({ kind: fc.constant('failCreates' as const), fail: fc.boolean() }),
);

function given(seed: number): World {
  return world(
    {
      pools: [pool({ nodes: 3, minNodes: 1, maxNodes: 5 })],
      autoscaler: {},
      kubelet: {},
      virtualNodes: [{ settings: { quotaCores: 12 } }],
      objects: [
        deployment(3),
        deployment(0, { name: 'burst', pod: onVirtualNode }),
        deployment(1, { name: 'urgent', cpu: '1500m', pod: { priority: 10 } }),
      ],
      queues: [
        {
          name: 'jobs',
          namespace: 'media',
          workers: { app: 'worker' },
          serviceMs: exponential(2000),
          arrivals: poisson(2, startMs, startMs + 3_600_000, createRandom(seed)),
        },
      ],
    },
    seed,
  );
}

function act(cluster: World, each: Deed): void {
  switch (each.kind) {
    case 'scale':
      scale(cluster, each.replicas, `media/${each.name}`);
      return;
    case 'wait':
      run(cluster, each.seconds);
      return;
    case 'kill':
    case 'revive':
      cluster.vmNodes.setAlive(each.node, each.kind === 'revive');
      return;
    case 'deletePod': {
      const all = cluster.objects.list('pods', 'media');
      const pod = all[each.index % Math.max(1, all.length)];
      if (pod !== undefined) cluster.objects.delete('pods', `media/${pod.metadata.name}`);
      return;
    }
    case 'failCreates':
      cluster.virtualNodes
        .get('virtual-node-aci-linux')
        ?.change({ createError: each.fail ? 'no capacity' : undefined });
  }
}

/** Nodes on which more is asked for than there is. */
function overfull(cluster: World): readonly string[] {
  return cluster.objects
    .list('nodes')
    .filter(({ metadata, status }) => {
      const allocatable = resourcesOf(status.allocatable);
      const here = cluster.objects
        .list('pods')
        .filter(
          ({ spec, status: { phase } }) =>
            spec.nodeName === metadata.name && phase !== 'Succeeded' && phase !== 'Failed',
        )
        .map(({ spec }) => needsOf(spec).requests);
      const sum = (of: 'cpuMillicores' | 'memoryBytes'): number =>
        here.reduce((total, each) => total + each[of], 0);
      return (
        sum('cpuMillicores') > allocatable.cpuMillicores ||
        sum('memoryBytes') > allocatable.memoryBytes ||
        here.length > Number(status.allocatable?.['pods'])
      );
    })
    .map(({ metadata }) => metadata.name);
}

describe('whatever happens', () => {
  test('no node ever carries more requests than it has room for', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
        const cluster = given(1);
        for (const each of deeds) {
          act(cluster, each);
          assert.deepEqual(overfull(cluster), []);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('replicas converge to what is asked for once it is quiet', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 20 }), (deeds) => {
        const cluster = given(2);
        for (const each of deeds) act(cluster, each);
        for (const name of ['vm-0', 'vm-1', 'vm-2']) cluster.vmNodes.setAlive(name, true);
        cluster.virtualNodes.get('virtual-node-aci-linux')?.change({ createError: undefined });
        scale(cluster, 0, 'media/burst');
        scale(cluster, 0, 'media/urgent');
        scale(cluster, 12);
        run(cluster, 1800);
        assert.equal(cluster.objects.get('deployments', 'media/worker')?.status.readyReplicas, 12);
        assert.equal(ready(cluster).length, 12);
        assert.equal(cluster.objects.list('pods').length, 12);
      }),
      { numRuns: 40 },
    );
  });

  test('no job is lost: all are waiting, in work, delayed or ended', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 25 }), (deeds) => {
        const cluster = given(3);
        for (const each of deeds) {
          act(cluster, each);
          const sample = cluster.queues.get('jobs')?.sample();
          assert.ok(sample !== undefined);
          const { backlog, active, delayed, arrivalsTotal, completionsTotal } = sample;
          assert.equal(backlog + active + delayed + completionsTotal, arrivalsTotal);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('one seed gives one history, to the byte, in whatever steps time passes', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 15 }), fc.integer(), (deeds, seed) => {
        const [a, b] = [given(seed), given(seed)];
        for (const each of deeds) {
          act(a, each);
          if (each.kind === 'wait') for (let step = 0; step < each.seconds; step += 1) run(b, 1);
          else act(b, each);
        }
        assert.equal(dump(a), dump(b));
        assert.deepEqual(a.queues.get('jobs')?.stats, b.queues.get('jobs')?.stats);
      }),
      { numRuns: 30 },
    );
  });

  test('another seed gives another history', () => {
    const [a, b] = [given(1), given(2)];
    for (const cluster of [a, b]) run(cluster, 60);
    assert.notEqual(dump(a), dump(b));
  });
});
