import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Frame, History } from './history.ts';
import {
  namespace,
  observingPolicy,
  quickPolicy,
  type Scene,
  startScene,
  target,
  workerDeployment,
} from './scene.ts';
import { setBacklog } from './spike.ts';
import { toWorkloads, writesIn } from './writes.ts';

const vmCapacity = 12;

describe('a rolling update of a target that fills the VMs', () => {
  let scene: Scene;
  let history: History;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    history = await scene.history();
    await scene.controller('spillway-0');
  });
  afterEach(() => scene.clear());
  after(() => scene?.close());

  const full = ({ placedReady, pending }: Frame): boolean => placedReady === vmCapacity && pending === 0;

  /** A new image, with `maxSurge` pods beyond the replicas and `maxUnavailable` fewer. */
  async function update(image: string, maxSurge: number, maxUnavailable: number): Promise<void> {
    const rollingUpdate = { maxSurge, maxUnavailable };
    const template = { spec: { containers: [{ name: 'worker', image }] } };
    await scene.kubectl(
      `patch deployment ${target} -n ${namespace} -p ${JSON.stringify({ spec: { strategy: { rollingUpdate }, template } })}`,
    );
  }

  function expectNoBurst(sinceMs: number): void {
    const frames = history.frames.filter(({ atMs }) => atMs >= sinceMs);
    assert.deepEqual(
      frames.find(({ asked, burst }) => asked > 0 || burst > 0),
      undefined,
    );
    assert.deepEqual(toWorkloads(writesIn(scene.cluster.auditEvents(), sinceMs)), []);
  }

  for (const [whose, start] of [
    [
      'whose replicas somebody else sets',
      () => scene.apply(workerDeployment({ replicas: vmCapacity }), observingPolicy()),
    ],
    [
      'whose replicas follow a queue',
      async () => {
        await scene.apply(workerDeployment(), quickPolicy({ burst: { vmPool: 'Grow' } }));
        await setBacklog(scene.queue, vmCapacity);
      },
    ],
  ] as const) {
    test(`${whose} bursts nothing for the surge, however long that is stuck`, async () => {
      await start();
      await history.until('full VMs', full);
      const stuckAtMs = Date.now();
      // No pod may go before one of the new is Ready, and none of the new fits.
      await update('example.com/thumbnails:2', 3, 0);
      await history.until(
        'a surge that is stuck',
        ({ placedReady, stuck }) => placedReady === vmCapacity && stuck === 3,
      );
      // Longer than what is stuck is taken for a proof that VMs have no room, 15 s.
      await sleep(17_000);
      assert.ok(history.latest.stuck === 3);
      expectNoBurst(stuckAtMs);

      const rollingAtMs = Date.now();
      await update('example.com/thumbnails:2', 3, 3);
      await scene.kubectl(`rollout status deployment/${target} -n ${namespace} --timeout=60s`);
      await history.until('full VMs again', full);
      expectNoBurst(rollingAtMs);
    });
  }
});
