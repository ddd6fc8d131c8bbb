import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { burstPricePerReplicaHour, vmPricePerReplicaHour } from '../../../src/lab/simulate/lower-bound.ts';
import { run, scenarioOf, sole } from './scenes.ts';

const policy = (burst: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  type: 'policy',
  spec: {
    scaling: { maxReplicas: 100, sources: [{ drainWithin: '2m', expectedJobDuration: '3s' }] },
    burst: { maxReplicas: 60, ...burst },
  },
});

const everybody = [
  policy(),
  { type: 'static', replicas: 6 },
  { type: 'hpa-cluster-autoscaler', maxReplicas: 30, backlogPerReplica: 20 },
  { type: 'keda', maxReplicas: 30, backlogPerReplica: 20 },
];

const busy = {
  arrivals: [
    { shape: 'poisson', perSecond: 1 },
    { shape: 'spike', jobs: 1500, at: '5m' },
  ],
  workload: { requests: { cpu: 1, memory: '1Gi' }, service: { median: '3s', sigma: 0.5 } },
  pools: [{ name: 'vm', nodes: 2, maxNodes: 5, cpu: '4', memory: '16Gi' }],
  contenders: everybody,
};

test('the same seed gives the same bytes, another seed others', () => {
  const first = JSON.stringify(run(busy));
  assert.equal(JSON.stringify(run(busy)), first);
  assert.notEqual(JSON.stringify(run({ ...busy, seed: 'another' })), first);
});

test('every contender gets the same jobs, and the order of contenders changes nothing', () => {
  const forth = run(busy).contenders;
  const back = run({ ...busy, contenders: everybody.toReversed() }).contenders.toReversed();
  assert.deepEqual(back, forth);
  assert.equal(new Set(forth.map(({ jobs }) => jobs.added)).size, 1);
});

const arrivals = fc.array(
  fc.oneof(
    fc.record({ shape: fc.constant('poisson'), perSecond: fc.double({ min: 0.1, max: 3, noNaN: true }) }),
    fc.record({
      shape: fc.constant('spike'),
      jobs: fc.integer({ min: 1, max: 600 }),
      at: fc.constantFrom('0s', '2m', '9m'),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);

test('no job is lost or made up, and nobody is cheaper than the lower bound', () => {
  fc.assert(
    fc.property(
      arrivals,
      fc.constantFrom('1s', '4s', '40s'),
      fc.constantFrom(0.01, 0.2, 1),
      fc.integer({ min: 1, max: 4 }),
      (arrivals, service, vmHour, concurrency) => {
        const result = run({
          ...busy,
          arrivals,
          duration: '10m',
          coolDown: '10m',
          workload: { requests: { cpu: 1, memory: '1Gi' }, service, concurrency },
          prices: { vmHour, cpuHour: 0.04, memoryGbHour: 0.005 },
        });
        for (const { name, jobs, costs } of result.contenders) {
          const told = `${name} ${JSON.stringify({ jobs, costs })}`;
          assert.equal(jobs.added, result.jobs, told);
          assert.equal(jobs.completed + jobs.failed + jobs.unfinished, jobs.added, told);
          assert.ok(jobs.startedInTime <= jobs.added, told);
          assert.ok(costs.total >= result.lowerBound.cost, `${told} ${result.lowerBound.cost}`);
        }
      },
    ),
    { numRuns: 12 },
  );
});

test('the lower bound counts the cheaper price of a replica-hour', () => {
  const scenario = scenarioOf();
  assert.equal(vmPricePerReplicaHour(scenario), 0.2 / 4);
  // 1 GiB is floored to a tenth of a GB: 1.0.
  assert.equal(burstPricePerReplicaHour(scenario), 0.04 + 0.005);
  assert.equal(run({ arrivals: [{ shape: 'spike', jobs: 100 }] }).lowerBound.cheaper, 'burst');
});

test('all pods on VMs: they alone cost, and nothing is restarted', () => {
  const { costs, jobs, peaks, shareInTime } = sole(run({ arrivals: [{ shape: 'poisson', perSecond: 1 }] }));
  assert.deepEqual(
    [costs.burstCost, costs.burstPodHours, jobs.restarted, jobs.failed, shareInTime],
    [0, 0, 0, 0, 1],
  );
  // Two VMs, half an hour of arrivals and half an hour after.
  assert.ok(Math.abs(costs.vmHours - 2) < 0.01);
  assert.equal(peaks.vmReplicas, 4);
});

test('a spike beyond the VMs bursts, and the burst is gone at the end', () => {
  const fared = sole(run({ ...busy, contenders: [policy({ vmPool: 'Fixed' })] }));
  assert.ok(fared.peaks.burstReplicas > 10 && fared.peaks.burstReplicas <= 60);
  assert.equal(fared.series.burstReplicas.at(-1), 0);
  assert.equal(fared.peaks.vms, 2);
  assert.ok(fared.shareInTime > 0.95);
});

test('the provider bounds the burst: quota, and the pace of creations', () => {
  const bounded = (virtualPool: Readonly<Record<string, unknown>>): number =>
    sole(run({ ...busy, virtualPool, contenders: [policy({ vmPool: 'Fixed' })] })).peaks.burstReplicas;
  assert.equal(bounded({ quotaCores: 10 }), 10);
  assert.ok(bounded({ createsPer5Minutes: 7, createsPerHour: 300 }) <= 2 * 7);
});

test('a controller that is not told the quota asks for more, and gets no more', () => {
  const contenders = [policy({ vmPool: 'Fixed' })];
  const blind = sole(run({ ...busy, virtualPool: { quotaCores: 10, limitsKnown: false }, contenders }));
  assert.equal(blind.peaks.burstReplicas, 10);
  assert.equal(blind.jobs.unfinished, 0);
});

test('a budget bounds the burst', () => {
  const rate = { budget: { maxRatePerHour: '0.5' } };
  const { peaks } = sole(run({ ...busy, contenders: [policy(rate)] }));
  assert.equal(peaks.burstReplicas, Math.floor(0.5 / 0.045));
  const onDay = (onExhausted: 'Keep' | 'Drain', maxSpendPerDay: string) =>
    sole(run({ ...busy, contenders: [policy({ budget: { maxSpendPerDay, onExhausted } })] }));
  const { burstCost } = onDay('Keep', '0.05').costs;
  assert.ok(burstCost >= 0.05, String(burstCost));
  const drained = onDay('Drain', '0.5');
  assert.equal(drained.peaks.burstReplicas, Math.floor(0.5 / 0.045), 'what is left pays for an hour of it');
  assert.ok(drained.costs.burstCost > 0 && drained.costs.burstCost < 0.55, String(drained.costs.burstCost));
});

test('a dry run changes nothing', () => {
  const contenders = [{ type: 'policy', spec: { dryRun: true, burst: { maxReplicas: 60 } } }];
  const { scaleEvents, peaks } = sole(run({ ...busy, contenders }));
  assert.deepEqual([scaleEvents, peaks.burstReplicas], [0, 0]);
});
