import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis, type TestRedis } from '../redis.ts';
import type { Frame, History } from './history.ts';
import {
  connectQueue,
  namespace,
  queueName,
  quickPolicy,
  redisSecret,
  type Scene,
  startScene,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';
import { toWorkloads, writesIn } from './writes.ts';

const vmCapacity = 12;
/** The neighbour's target, queue and policy. */
const other = 'videos';

describe('policies beside each other, and what is special about a target', () => {
  let scene: Scene;
  let history: History;
  let otherHistory: History;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    history = await scene.history();
    otherHistory = await scene.history(other);
    await scene.controller('spillway-0');
  });
  afterEach(() => scene.clear());
  after(() => scene?.close());

  const bursting =
    (placed: number, burst: number) =>
    (frame: Frame): boolean =>
      frame.placedReady === placed && frame.asked === burst && frame.burstReady === burst;

  describe('of which two want the same room', () => {
    test('the higher priority gets it, no room is given out twice, and nothing flaps', async () => {
      const otherQueue = await scene.queueOf(other);
      await Promise.all([setBacklog(scene.queue, 2), setBacklog(otherQueue, 2)]);
      await scene.apply(
        workerDeployment(),
        workerDeployment({ name: other }),
        quickPolicy({ spec: { priority: 10 } }),
        quickPolicy({ name: other, target: other, queue: other }),
      );
      await Promise.all([
        history.until('both workers', bursting(2, 0)),
        otherHistory.until('both workers of the other', bursting(2, 0)),
        scene.condition('Bursting', 'False', 'NothingSpills'),
        scene.condition('Bursting', 'False', 'NothingSpills', other),
      ]);

      // The other is asked while the pods of the first are not bound yet: their room is only promised.
      await setBacklog(scene.queue, 20);
      await setBacklog(otherQueue, 20);
      await Promise.all([
        history.until('the room for the first', bursting(10, 10)),
        otherHistory.until('the burst for the other', bursting(2, 18)),
      ]);
      const settledAtMs = Date.now();
      await sleep(5_000);
      assert.deepEqual(toWorkloads(writesIn(scene.cluster.auditEvents(), settledAtMs)), []);

      // What the first gives up, the other takes.
      await setBacklog(scene.queue, 4);
      await Promise.all([
        history.until('the first to give up', bursting(4, 0)),
        otherHistory.until('the other to take it', bursting(8, 12)),
      ]);
      for (const { frames } of [history, otherHistory])
        assert.ok(
          frames.every(({ stuck }) => stuck === 0),
          'no pod waits for room that was promised twice',
        );
    });
  });

  test('pods of a target that tolerates the virtual node count as they are, and nothing is doubled', async () => {
    const tolerations = [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }];
    await scene.apply(workerDeployment({ spec: { tolerations } }), quickPolicy());
    await setBacklog(scene.queue, 20);
    const all = ({ placedReady, onVirtual, burstReady }: Frame): number =>
      placedReady + onVirtual + burstReady;
    const settled = await history.until(
      'twenty pods, wherever they run',
      (frame) => all(frame) === 20 && frame.pending === 0 && frame.asked === frame.burst,
    );
    assert.ok(settled.onVirtual > 0, 'the scheduler takes the emptiest node');
    await scene.condition('Saturated', 'False');
    const settledAtMs = Date.now();
    await sleep(3_000);
    assert.ok(history.frames.filter(({ atMs }) => atMs > settledAtMs).every((frame) => all(frame) >= 20));
    assert.equal(all(history.latest), 20);
  });

  test('a target that is pinned to the virtual node is not eligible, and the condition says what to change', async () => {
    const startedAtMs = Date.now();
    const spec = {
      nodeSelector: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' },
      tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
    };
    await scene.apply(workerDeployment({ spec }), quickPolicy());
    await setBacklog(scene.queue, 20);
    const message = await scene.condition('Eligible', 'False', 'TemplatePinned');
    assert.match(message, /pinned to the virtual pool .* already/);
    await scene.condition('Limited', 'True', 'NotEligible');
    const writes = toWorkloads(writesIn(scene.cluster.auditEvents(), startedAtMs));
    assert.ok(writes.every(({ verb }) => verb !== 'create'));
  });

  describe('of which one cannot read its queue', () => {
    let locked: TestRedis;
    before(async () => {
      locked = await startRedis(['--requirepass', 'right']);
    });
    after(() => locked?.stop());

    /** Whether the policy that is well bursts, while its neighbour is as the test made it. */
    async function expectOtherToWork(): Promise<void> {
      await scene.apply(workerDeployment(), quickPolicy());
      await setBacklog(scene.queue, 20);
      // The neighbour holds its two workers on VMs.
      await history.until('the burst of the policy that is well', bursting(vmCapacity - 2, 10));
      await scene.condition('SignalsAvailable', 'True', 'AllRead');
    }

    test('because its name is wrong: the other works on, and the condition says what to check', async () => {
      await scene.apply(
        workerDeployment({ name: other }),
        quickPolicy({ name: other, target: other, queue: 'vidoes' }),
      );
      const message = await scene.condition('SignalsAvailable', 'False', 'QueueNotFound', other);
      assert.match(message, /^Source queue cannot be read: There is no BullMQ queue vidoes with prefix bull/);
      await expectOtherToWork();
      assert.equal(otherHistory.latest.targetReplicas, 2);
    });

    test('because its password is wrong: the other works on, and the password is nowhere', async () => {
      await scene.apply(
        redisSecret(locked.url.replace('//', '//:wrong-secret@'), 'locked'),
        workerDeployment({ name: other }),
        quickPolicy({ name: other, target: other, queue: other, secret: 'locked' }),
      );
      const message = await scene.condition('SignalsAvailable', 'False', 'RedisAuthFailed', other);
      assert.match(message, /The Redis of Secret locked refuses the user or password/);
      await expectOtherToWork();
      const told = await scene.kubectl(`get bp,events -n ${namespace} -o yaml`);
      assert.ok(!told.includes('wrong-secret'));
    });
  });

  test('a Secret that names another Redis is picked up, and the demand is that of the new one', async () => {
    const next = await startRedis();
    const nextQueue = await connectQueue(queueName, next);
    try {
      await scene.apply(redisSecret(scene.redis.url, 'rotated'), workerDeployment());
      await scene.apply(quickPolicy({ secret: 'rotated' }));
      await setBacklog(scene.queue, 15);
      await history.until('the burst for the first Redis', bursting(vmCapacity, 3));

      await setBacklog(nextQueue, 20);
      await scene.apply(redisSecret(next.url, 'rotated'));
      await history.until('the burst for the second Redis', bursting(vmCapacity, 8), 60_000);
      assert.equal(history.latest.targetReplicas, vmCapacity);
    } finally {
      await nextQueue.close();
      await next.stop();
    }
  });
});
