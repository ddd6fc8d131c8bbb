import assert from 'node:assert/strict';
import { pricePerHour } from '../../../src/limits/price.ts';
import { charge, noSpend, type Spend } from '../../../src/limits/spend.ts';
import type { Deployment } from '../../../src/lab/world/kube.ts';
import { Governor } from './governor.ts';
import { Judge } from './judge.ts';
import { calmAfterSeconds, type Fault, type Plot } from './plot.ts';
import { namespace, policyKey, price, type Stage, stageOf, startMs, targetKey, vmCapacity } from './stage.ts';

/** The longest a plot may take to come to rest after it is calm, seconds. */
const restSeconds = 7200;
/** At rest nothing is written for so long, seconds. */
const quietSeconds = 300;

/** Lets a plot happen, with every promise held at every step; throws where one is broken. */
export function perform(plot: Plot): void {
  const stage = stageOf(plot);
  const { world, queue } = stage;
  const { minReplicas } = plot.policy;
  // What VMs cannot carry of the minimum stays in the burst, as long as the policy stands.
  const mayRest = minReplicas > vmCapacity(plot);
  const judge = new Judge(stage, plot);
  const spent = spendOf(stage);
  const books = (): void => {
    judge.book(5);
    world.schedule(world.now() + 5000, books);
  };
  world.schedule(world.now() + 5000, books);
  const governor = new Governor(
    stage,
    { limitsKnown: plot.virtual.limitsKnown, spend: () => spent.read() },
    judge,
  );
  for (const fault of plot.faults) {
    world.schedule(startMs + fault.atSeconds * 1000, () => begin(fault, stage, governor, judge));
  }
  world.runUntil(startMs + calmAfterSeconds * 1000);
  calm(plot, stage);

  // A fixed point: once nothing comes any more, all of it goes, and then nothing is written.
  const deadlineMs = world.now() + restSeconds * 1000;
  let doneAtMs: number | undefined;
  const isAtRest = (): boolean => {
    doneAtMs = queue.done ? (doneAtMs ?? world.now()) : undefined;
    const sinceMs = Math.max(judge.lastWriteMs, doneAtMs ?? world.now());
    return (mayRest || companions(stage).length === 0) && world.now() - sinceMs >= quietSeconds * 1000;
  };
  while (!isAtRest() && world.now() < deadlineMs) world.runUntil(world.now() + 30_000);
  assert.ok(isAtRest(), `it does not come to rest: ${told(stage)}`);
  const { stats } = queue;
  assert.equal(stats.completed + stats.failed, stats.added, 'a job is neither done nor failed');
  const rest = world.objects.get('deployments', targetKey)?.spec.replicas ?? 0;
  assert.ok(
    rest <= minReplicas && rest >= Math.min(minReplicas, vmCapacity(plot)),
    `the target rests at ${rest}`,
  );

  // 6. A policy that goes takes all that it made along, and leaves the target as it is.
  world.objects.delete('burstpolicies', policyKey);
  world.runUntil(world.now() + 120_000);
  assert.ok(
    world.objects.get('burstpolicies', policyKey) === undefined,
    `the policy is held: ${told(stage)}`,
  );
  assert.equal(companions(stage).length, 0, 'a companion is left over');
  assert.equal(world.objects.get('deployments', targetKey)?.spec.replicas, rest);
}

function told(stage: Stage): string {
  const { world, queue } = stage;
  const target = world.objects.get('deployments', targetKey);
  return JSON.stringify({
    sample: { ...queue.sample(), busy: undefined },
    target: target?.spec.replicas,
    companions: companions(stage).map(({ metadata, spec, status }) => [metadata.name, spec.replicas, status]),
  });
}

function companions({ world }: Stage): readonly Deployment[] {
  return world.objects
    .list('deployments', namespace)
    .filter(({ metadata }) => `${namespace}/${metadata.name}` !== targetKey);
}

function begin(fault: Fault, stage: Stage, governor: Governor, judge: Judge): void {
  const { world, virtualNode } = stage;
  const forMs = fault.forSeconds * 1000;
  const later = (end: () => void): void => void world.schedule(world.now() + forMs, end);
  switch (fault.kind) {
    case 'restart':
      governor.restart(forMs);
      judge.restarted();
      return;
    case 'freeze':
      governor.freeze(forMs);
      judge.restarted();
      return;
    case 'signalLost':
      governor.surroundings.lostSinceMs = world.now();
      later(() => {
        governor.surroundings.lostSinceMs = undefined;
      });
      return;
    case 'writesRefused':
      governor.surroundings.writesRefused = true;
      later(() => {
        governor.surroundings.writesRefused = false;
      });
      return;
    case 'virtualNodeDown':
      virtualNode.change({ ready: false });
      later(() => virtualNode.change({ ready: true }));
      return;
    case 'createError':
      virtualNode.change({
        createError: "The requested resource is not available in the location 'eastus' at this moment.",
      });
      later(() => virtualNode.change({ createError: undefined }));
      return;
    case 'stuckCreating':
      virtualNode.change({ stuckCreating: true });
      later(() => virtualNode.change({ stuckCreating: false }));
      return;
    case 'vanish':
      virtualNode.vanish();
      return;
    case 'suspend':
      changePolicy(stage, (spec) => ({ ...spec, suspend: true }));
      later(() => changePolicy(stage, (spec) => ({ ...spec, suspend: false })));
      return;
    case 'dryRun':
      changePolicy(stage, (spec) => ({ ...spec, dryRun: true }));
      later(() => changePolicy(stage, (spec) => ({ ...spec, dryRun: false })));
      return;
    case 'burstMax':
      changePolicy(stage, (spec) => ({
        ...spec,
        burst: { ...(spec['burst'] as object), maxReplicas: fault.replicas },
      }));
      return;
    case 'vmDown': {
      const name = `vm-${fault.node}`;
      if (world.objects.get('nodes', name) === undefined) return;
      world.vmNodes.setAlive(name, false);
      later(() => {
        if (world.objects.get('nodes', name) !== undefined) world.vmNodes.setAlive(name, true);
      });
      return;
    }
    case 'templateChange':
      judge.excuses.meddled = true;
      changeDeployment(stage, targetKey, (spec) => ({
        ...spec,
        template: {
          ...spec.template,
          metadata: { ...spec.template.metadata, annotations: { changedAt: String(world.now()) } },
        },
      }));
      return;
    case 'companionScaled':
      judge.excuses.meddled = true;
      for (const { metadata } of companions(stage)) {
        changeDeployment(stage, `${namespace}/${metadata.name}`, (spec) => ({
          ...spec,
          replicas: fault.replicas,
        }));
      }
      return;
    case 'companionDeleted':
      judge.excuses.meddled = true;
      for (const { metadata } of companions(stage))
        world.objects.delete('deployments', `${namespace}/${metadata.name}`);
  }
}

/** The end of all faults that outlast themselves. */
function calm({ vm }: Plot, { world, virtualNode }: Stage): void {
  virtualNode.change({ createError: undefined, stuckCreating: false, ready: true });
  for (let index = 0; index < vm.nodes; index += 1) {
    if (world.objects.get('nodes', `vm-${index}`) !== undefined) world.vmNodes.setAlive(`vm-${index}`, true);
  }
}

function changePolicy(
  { world }: Stage,
  change: (spec: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): void {
  const stored = world.objects.get('burstpolicies', policyKey);
  if (stored === undefined) return;
  world.objects.update('burstpolicies', {
    ...stored,
    spec: change(stored['spec'] as Readonly<Record<string, unknown>>),
  });
}

function changeDeployment(
  { world }: Stage,
  key: string,
  change: (spec: Deployment['spec']) => Deployment['spec'],
): void {
  const stored = world.objects.get('deployments', key);
  if (stored !== undefined) world.objects.update('deployments', { ...stored, spec: change(stored.spec) });
}

/** What the burst has cost so far: the groups that exist, every five seconds. */
function spendOf({ world, virtualNode }: Stage): { read(): Spend } {
  let spend = noSpend;
  const settle = (): void => {
    const perHour = virtualNode.groups().reduce((sum, group) => sum + pricePerHour(group, price), 0);
    spend = charge(spend, world.now(), new Map([[policyKey, perHour]]));
    world.schedule(world.now() + 5000, settle);
  };
  world.schedule(world.now(), settle);
  return { read: () => spend };
}
