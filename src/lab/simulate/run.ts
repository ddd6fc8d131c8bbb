import type { Deployment } from '../world/kube.ts';
import type { Queue, VirtualNode, World } from '../world/types.ts';
import { createWorld } from '../world/world.ts';
import { Account } from './account.ts';
import type { Load } from './arrivals/load.ts';
import type { Contender } from './contender.ts';
import { startKeda } from './drive/keda.ts';
import { startSpillway } from './drive/spillway.ts';
import type { ContenderResult } from './result.ts';
import type { ScenarioFile } from './scenario-schema.ts';
import { SeriesWriter } from './series.ts';
import { virtualNodeName, virtualPoolOf, worldOf } from './setup.ts';

export interface RunOptions {
  readonly scenario: ScenarioFile;
  readonly contender: Contender;
  readonly load: Load;
  /** Length of a part of the series, milliseconds. */
  readonly seriesStepMs: number;
  /** Told now and then how much of the time has passed, 0 to 1. */
  readonly onProgress: (share: number) => void;
}

/** Jobs that are left so long after everything should be over are given up on. */
const patienceMs = 24 * 3_600_000;
/** Progress is told after so many looks. */
const looksPerProgress = 64;

/** Tries one contender on the load, in virtual time. Deterministic: same seed, same result. */
export function runContender(options: RunOptions): ContenderResult {
  const { scenario, contender, load, onProgress } = options;
  const endMs = load.endMs + scenario.coolDown * 1000;
  const stepMs = scenario.resolution * 1000;
  const world = createWorld({
    seed: scenario.seed,
    startMs: load.startMs - scenario.warmUp * 1000,
    scenario: worldOf(scenario, contender, load.open()),
  });
  const queue = there(world.queues.get(scenario.queue));
  const node = there(world.virtualNodes.get(virtualNodeName));
  const account = new Account({ world, node, prices: scenario.prices, payer: payerOf(contender, scenario) });
  const series = new SeriesWriter(load.startMs, options.seriesStepMs);
  const scaleEvents = countScaleEvents(world, load.startMs);
  drive({ world, queue, scenario, contender, account });

  world.runUntil(load.startMs);
  account.open();
  read(world, queue, node, account, series);
  let looks = 0;
  while (world.now() < endMs || (!queue.done && world.now() < endMs + patienceMs)) {
    world.runUntil(world.now() + stepMs);
    account.settle();
    read(world, queue, node, account, series);
    looks += 1;
    if (looks % looksPerProgress === 0) {
      onProgress(Math.min(1, (world.now() - load.startMs) / (endMs - load.startMs)));
    }
  }
  return resultOf(options, queue, account, series, scaleEvents());
}

/** Whose burst it is: the policy of a contender, else the workload. */
function payerOf(contender: Contender, { workload }: ScenarioFile): string {
  const name = contender.type === 'policy' ? contender.policy.metadata.name : workload.name;
  return `${workload.namespace}/${name}`;
}

interface Driven {
  readonly world: World;
  readonly queue: Queue;
  readonly scenario: ScenarioFile;
  readonly contender: Contender;
  readonly account: Account;
}

/** Starts what governs the workload beside the world's own controllers. */
function drive({ world, queue, scenario, contender, account }: Driven): void {
  const { namespace, name } = scenario.workload;
  if (contender.type === 'policy') {
    startSpillway({
      world,
      queue,
      policyKey: `${namespace}/${contender.policy.metadata.name}`,
      pool: virtualPoolOf(scenario),
      limitsKnown: scenario.virtualPool.limitsKnown,
      resolutionMs: scenario.resolution * 1000,
      spend: () => account.spend,
    });
  }
  if (contender.type === 'keda') {
    startKeda({
      world,
      queue,
      targetKey: `${namespace}/${name}`,
      minReplicas: contender.minReplicas,
      pollingMs: contender.pollingInterval * 1000,
      cooldownMs: contender.cooldownPeriod * 1000,
      activationBacklog: contender.activationBacklog,
    });
  }
}

/** Counts changes of the replicas that Deployments ask for, from `fromMs` on. */
function countScaleEvents(world: World, fromMs: number): () => number {
  let events = 0;
  world.objects.onChange(({ resource, object, before }) => {
    if (resource !== 'deployments' || world.now() < fromMs) return;
    const earlier = before === undefined ? 0 : ((before as Deployment).spec.replicas ?? 1);
    if (((object as Deployment).spec.replicas ?? 1) !== earlier) events += 1;
  });
  return () => events;
}

function read(world: World, queue: Queue, node: VirtualNode, account: Account, series: SeriesWriter): void {
  const { vmCost, burstCost } = account.costs;
  const running = node.groups().filter(({ state }) => state === 'Running').length;
  series.take({
    atMs: world.now(),
    backlog: queue.sample().backlog,
    vmReplicas: Math.max(0, queue.workers - running),
    burstReplicas: running,
    vms: world.vmNodes.count,
    cost: vmCost + burstCost,
  });
}

function resultOf(
  { scenario, contender }: RunOptions,
  queue: Queue,
  account: Account,
  writer: SeriesWriter,
  scaleEvents: number,
): ContenderResult {
  const { added, completed, failed, restarted, within, workMs } = queue.stats;
  const { costs } = account;
  const { series } = writer;
  const shareInTime = added === 0 ? 1 : within / added;
  return {
    name: contender.name,
    type: contender.type,
    jobs: {
      added,
      completed,
      failed,
      unfinished: added - completed - failed,
      restarted,
      startedInTime: within,
    },
    waitSeconds: {
      p50: queue.waitSeconds(0.5),
      p95: queue.waitSeconds(0.95),
      p99: queue.waitSeconds(0.99),
    },
    shareInTime,
    keepsObjective: shareInTime >= scenario.slo.share,
    costs: { ...costs, total: costs.vmCost + costs.burstCost },
    peaks: {
      vmReplicas: peak(series.vmReplicas),
      burstReplicas: peak(series.burstReplicas),
      vms: peak(series.vms),
    },
    scaleEvents,
    workHours: workMs / 3_600_000,
    series,
  };
}

function peak(values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), 0);
}

/** What `worldOf` has put into the world. */
function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the world of a simulation has a queue and a virtual node');
  return part;
}
