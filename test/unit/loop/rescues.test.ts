import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StandingPod } from '../../../src/act/drain-order.ts';
import { names } from '../../../src/act/names.ts';
import { FreeRoom } from '../../../src/cluster/free-room.ts';
import type { RawPodSpec } from '../../../src/cluster/raw.ts';
import { rescuedAnnotation } from '../../../src/cluster/rescued.ts';
import type { SlimJob, SlimPod } from '../../../src/cluster/slim.ts';
import { ownClassOf } from '../../../src/cluster/slim-node.ts';
import type { TargetState } from '../../../src/cluster/target.ts';
import { defaultVirtualPools, isVirtual } from '../../../src/cluster/virtual-nodes.ts';
import { type RescueSight, Rescues } from '../../../src/loop/rescues.ts';
import { slimJob } from '../../../src/cluster/slimming.ts';
import { interner, meta, node, pod, spec, startMs } from '../cluster/given.ts';
import { oneCpu, policy } from '../decide/given.ts';

const pool = defaultVirtualPools.find(({ kind }) => kind === 'AksAddon');
assert.ok(pool !== undefined);
const aci = node('virtual-node-aci-linux', {
  labels: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' },
  taints: [{ key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' }],
});
const room = new FreeRoom({ isVirtual: (each) => isVirtual(each, defaultVirtualPools), now: () => startMs });
for (const object of [aci, node('vm-1')])
  room.take({ kind: 'nodes', type: 'added', object, previous: undefined });

const ours = policy({ scaling: undefined, burst: { strategy: 'Rescue' } });
const asked = (more: RawPodSpec = {}): RawPodSpec => ({ ...spec('1'), ...more });
const own = (): RawPodSpec => ({
  containers: [
    {
      ...spec('1').containers?.[0],
      name: 'main',
      resources: { requests: { cpu: '1', memory: '1Gi' } },
    },
  ],
});
const letOn = { annotations: { [rescuedAnnotation]: 'decision-1' } };
const stuck = (name: string, at: number, more: RawPodSpec = {}): SlimPod =>
  pod(name, { stuckAt: at, phase: 'Pending', spec: { ...own(), ...more } });
const bound = (name: string, nodeName: string, at: number): SlimPod =>
  pod(name, { meta: letOn, boundAt: at, ready: at, spec: asked({ nodeName }) });

function look(
  pods: readonly SlimPod[],
  rescues = new Rescues(),
  seconds = 60,
  jobs: readonly SlimJob[] = [],
): RescueSight {
  const target = { workload: undefined, jobs, template: {}, pods } as unknown as TargetState;
  const live = new Map(pods.map((each) => [each.uid, { name: each.name } as StandingPod]));
  assert.ok(pool !== undefined);
  return rescues.look({
    view: { room, virtualClasses: () => [ownClassOf(aci)] },
    policy: ours,
    target,
    shape: oneCpu,
    pool,
    live,
    atMs: startMs + seconds * 1000,
  });
}

test('the annotation that is written is the one that is read', () => {
  assert.equal(names.rescued, rescuedAnnotation);
});

describe('of the pods of a target', () => {
  test('stuck ones that can be let on are told by how long they wait, the oldest first', () => {
    const { rescued, standing } = look([stuck('young', 50), stuck('old', 10), stuck('middle', 30)]);
    assert.deepEqual(rescued.waitingSeconds, [50, 30, 10]);
    assert.deepEqual(
      standing.stuck.map(({ name }) => name),
      ['old', 'middle', 'young'],
    );
    assert.deepEqual(standing.stuck[0]?.tolerations.at(-1)?.key, 'virtual-kubelet.io/provider');
    assert.deepEqual([rescued.pods, standing.evicting], [0, false]);
  });

  test('those that cannot are counted by what keeps them off, and where none can the target is not eligible', () => {
    const picky = { nodeSelector: { agentpool: 'vm' } };
    const none = look([stuck('a', 1, picky), stuck('b', 2, picky)]);
    assert.deepEqual(
      none.rescued.unrescuable.map(({ code, pods }) => [code, pods]),
      [['RESCUE_SELECTOR', 2]],
    );
    assert.deepEqual(
      none.refusals.map(({ code }) => code),
      ['RESCUE_SELECTOR'],
    );
    const some = look([stuck('a', 1, picky), stuck('b', 2)]);
    assert.deepEqual([some.refusals, some.rescued.waitingSeconds], [[], [58]]);
  });

  test('those that were let on are the burst; one that a VM took after all is not', () => {
    const waits = pod('waits', { meta: letOn, stuckAt: 5, phase: 'Pending', spec: own() });
    const { rescued, standing } = look([
      waits,
      bound('bursts', aci.name, 20),
      bound('on-vm', 'vm-1', 20),
      stuck('stuck', 40),
    ]);
    assert.deepEqual([rescued.pods, rescued.running, rescued.ready], [2, 1, 1]);
    assert.deepEqual(
      standing.live.filter((each) => each.rescued).map(({ name }) => name),
      ['waits', 'bursts'],
    );
    assert.deepEqual(
      standing.stuck.map(({ name }) => name),
      ['stuck'],
    );
  });

  test('the time from being stuck to being bound is told once, by the pod that was seen to wait', () => {
    const rescues = new Rescues();
    const waits = pod('bursts', { meta: letOn, stuckAt: 5, phase: 'Pending', spec: own() });
    assert.deepEqual(look([waits], rescues).boundAfterSeconds, []);
    const there = bound('bursts', aci.name, 42);
    assert.deepEqual(look([there], rescues).boundAfterSeconds, [37]);
    assert.deepEqual(look([there], rescues).boundAfterSeconds, []);
    assert.deepEqual(look([bound('other', aci.name, 42)], rescues).boundAfterSeconds, []);
  });

  test('a pod whose eviction a budget forbids for a minute is kept, and tried again after five', () => {
    const rescues = new Rescues();
    const there = bound('bursts', aci.name, 42);
    const kept = (seconds: number) => look([there], rescues, seconds).standing.live[0]?.kept;
    const forbidden = (seconds: number) => rescues.forbidden([there.uid], startMs + seconds * 1000);
    for (let seconds = 60; seconds < 120; seconds += 5) forbidden(seconds);
    assert.equal(kept(119), false);
    forbidden(120);
    assert.equal(kept(120), true);
    assert.equal(kept(419), true);
    assert.equal(kept(420), false);
    forbidden(500);
    forbidden(590);
    assert.equal(kept(590), false, 'it was not wanted in between');
  });

  test('an eviction counts as under way until it shows on the pod, and no longer than two seconds', () => {
    const rescues = new Rescues();
    const there = bound('bursts', aci.name, 42);
    rescues.evicting(there.uid, startMs + 60_000);
    assert.equal(look([there], rescues, 61).standing.evicting, true);
    assert.equal(look([there], rescues, 62.5).standing.evicting, false);
    rescues.evicting(there.uid, startMs + 70_000);
    const goes = pod('bursts', {
      meta: { ...letOn, deletionTimestamp: '2026-01-01T00:02:00Z' },
      spec: asked({ nodeName: aci.name }),
    });
    assert.equal(look([goes], rescues, 71).standing.evicting, false);
  });
});

test('pods of one template share one spec while they are stuck, whatever their token is called', () => {
  const mount = (suffix: string): RawPodSpec =>
    ({ ...own(), volumes: [{ name: `kube-api-access-${suffix}` }] }) as RawPodSpec;
  const [a, b] = [stuck('a', 1, mount('x7k2p')), stuck('b', 1, mount('qq9zz'))];
  assert.ok(a?.stuckSpec !== undefined);
  assert.equal(a.stuckSpec, b?.stuckSpec);
  assert.equal(bound('c', 'vm-1', 1).stuckSpec, undefined);
});

test('the last attempt of a Job waits for a VM, its first does not, however little it may fail', () => {
  const job = (failed: number, backoffLimit: number): SlimJob =>
    slimJob({ metadata: meta('render'), spec: { backoffLimit }, status: { failed } } as object, interner);
  const waits = (failed: number, backoffLimit: number): boolean => {
    const of = { ...stuck('attempt', 0), ownerUid: 'uid-render' };
    const { rescued } = look([of, stuck('other', 0)], new Rescues(), 60, [job(failed, backoffLimit)]);
    assert.equal(rescued.waitingSeconds.length + rescued.unrescuable.length, 2);
    return rescued.unrescuable.some(({ code }) => code === 'RESCUE_LAST_ATTEMPT');
  };
  assert.deepEqual([waits(0, 0), waits(0, 6), waits(5, 6)], [false, false, false]);
  assert.deepEqual([waits(1, 1), waits(6, 6)], [true, true]);
});
