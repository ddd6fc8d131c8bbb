import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import type { History } from './history.ts';
import { quickPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { growBacklog, setBacklog } from './spike.ts';
import { type RecordedWrite, toWorkloads, writesIn } from './writes.ts';

/** What the lease allows: nobody else may lead for so long after the last renewal of one that fell silent. */
const leaseSeconds = 15;

describe('two controllers while a spike runs', () => {
  let scene: Scene;
  let history: History;
  let spike: { stop(): Promise<void> };

  before(async () => {
    scene = await startScene();
    history = await scene.history();
    await scene.apply(workerDeployment(), quickPolicy({ burst: { maxReplicas: 390 } }));
  });
  after(async () => {
    await spike?.stop();
    await scene?.close();
  });

  const writesOf = (pod: string): readonly RecordedWrite[] =>
    writesIn(scene.cluster.auditEvents()).filter((write) => write.pod === pod && write.succeeded);
  /** Waits until a controller has written to workloads `count` times. */
  const hasWritten = (pod: string, count: number, timeoutMs?: number) =>
    waitFor(`${pod} to write`, () => toWorkloads(writesOf(pod)).length >= count, timeoutMs);
  /** Promise 5: after the first write of the new leader to an object none of the old one's succeeds. */
  const expectOneWriter = (before: string, now: string): void => {
    const first = new Map<string, number>();
    for (const { resource, name, atMs } of writesOf(now))
      if (!first.has(`${resource} ${name}`)) first.set(`${resource} ${name}`, atMs);
    assert.ok([...first.keys()].some((key) => key.startsWith('deployments ')));
    const late = writesOf(before).filter(
      ({ resource, name, atMs }) => atMs > (first.get(`${resource} ${name}`) ?? Number.POSITIVE_INFINITY),
    );
    assert.deepEqual(late, []);
  };

  let first: ControllerProcess;
  let second: ControllerProcess;

  test('only the leader writes, and the other answers that it is ready', async () => {
    first = await scene.controller('spillway-first');
    await waitFor('the first to lead', () => first.log().some(({ message }) => message === 'leading'));
    second = await scene.controller('spillway-second');
    await setBacklog(scene.queue, 20);
    spike = growBacklog(scene.queue, 300);
    await hasWritten('spillway-first', 5);
    assert.deepEqual(writesOf('spillway-second'), []);
    assert.match(await metrics(second), /^spillway_leader 0$/m);
    assert.match(await metrics(first), /^spillway_leader 1$/m);
  });

  test('a leader that is asked to end hands over within seconds: exit code 0, the Lease given back', async () => {
    const askedAtMs = Date.now();
    first.signal('SIGTERM');
    assert.deepEqual(await first.ended, [0, null]);
    assert.ok(Date.now() - askedAtMs < 10_000);

    await hasWritten('spillway-second', 3);
    const [takenOver] = toWorkloads(writesOf('spillway-second'));
    const seconds = ((takenOver?.atMs ?? 0) - askedAtMs) / 1000;
    assert.ok(seconds < 8, `handed over after ${seconds} s`);
    const lastOfLease = writesOf('spillway-first').findLast(({ resource }) => resource === 'leases');
    assert.ok((lastOfLease?.atMs ?? 0) >= askedAtMs, 'the Lease was written once more');
    expectOneWriter('spillway-first', 'spillway-second');
  });

  test('a leader that was frozen past its lease writes nothing when it wakes up', async () => {
    await scene.controller('spillway-third');
    await hasWritten('spillway-second', toWorkloads(writesOf('spillway-second')).length + 1);
    second.signal('SIGSTOP');
    const frozenAtMs = Date.now();
    await hasWritten('spillway-third', 1, (leaseSeconds + 15) * 1000);
    assert.ok(Date.now() - frozenAtMs > (leaseSeconds - 5) * 1000, 'the lease was left to run out');

    second.signal('SIGCONT');
    await waitFor('the frozen one to notice', () =>
      second.log().some(({ message }) => message === 'not leading any more'),
    );
    await hasWritten('spillway-third', toWorkloads(writesOf('spillway-third')).length + 10);
    expectOneWriter('spillway-second', 'spillway-third');
  });

  test('all that went well in between: the burst follows the backlog, in one companion', async () => {
    await spike.stop();
    const waiting = await scene.queue.getWaitingCount();
    await history.until(
      'the burst to carry the backlog',
      ({ asked, targetReplicas }) => asked + (targetReplicas ?? 0) === Math.max(waiting, 2),
    );
    assert.ok(history.frames.every(({ companions }) => Object.keys(companions).length <= 1));
  });

  test('at no moment did the burst shrink while the backlog only grew', () => {
    const raised = history.frames.map(({ asked }) => asked);
    assert.deepEqual(
      raised,
      raised.toSorted((a, b) => a - b),
    );
  });
});

async function metrics({ url }: ControllerProcess): Promise<string> {
  return (await fetch(`${url}/metrics`)).text();
}
