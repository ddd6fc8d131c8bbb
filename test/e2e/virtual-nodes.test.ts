import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { Frame, History } from './history.ts';
import { quickPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { setBacklog } from './spike.ts';

const vmCapacity = 12;
const burst = 5;
const more = 4;

describe('a virtual node that cannot be used', () => {
  let scene: Scene;
  let history: History;
  let node: string;

  before(async () => {
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    node = scene.cluster.virtualNode.name;
    history = await scene.history();
    await scene.controller('spillway-0');
    await scene.apply(workerDeployment(), quickPolicy());
  });
  after(() => scene?.close());
  beforeEach(async () => {
    await setBacklog(scene.queue, vmCapacity + burst);
    await history.until('a burst', running(burst), 60_000);
  });

  const running =
    (replicas: number) =>
    ({ asked, burstReady, placedReady }: Frame): boolean =>
      placedReady === vmCapacity && asked === replicas && burstReady === replicas;

  /** More is wanted, but nothing new bursts; what runs is told of as unusable, in these words. */
  async function expectNoNewBurst(words: RegExp): Promise<void> {
    const sinceMs = Date.now();
    await setBacklog(scene.queue, vmCapacity + burst + more);
    const limited = await scene.condition('Limited', 'True', 'NoVirtualNode');
    assert.match(limited, words);
    const told = await waitFor('what runs there to be told', async () => {
      const found = await scene.condition('Bursting', 'True', 'OnUnusableNode');
      return words.test(found) && found;
    });
    assert.match(told, new RegExp(`^${burst} burst pods on a virtual node that cannot be used`));
    await sleep(3_000);
    const frames = history.frames.filter(({ atMs }) => atMs >= sinceMs);
    assert.ok(
      frames.every(({ asked }) => asked === burst),
      'neither more nor fewer are asked for',
    );
  }

  test('because it is cordoned: no new burst, what runs stays and is told, and goes on when it is back', async (t) => {
    await scene.kubectl(`cordon ${node}`);
    await expectNoNewBurst(/1 cordoned/);
    assert.equal(history.latest.burstReady, burst);
    const backAtMs = Date.now();
    await scene.kubectl(`uncordon ${node}`);
    await history.until('the rest', running(burst + more));
    t.diagnostic(`the rest ran ${((Date.now() - backAtMs) / 1000).toFixed(1)} s after the node was back`);
    await scene.condition('Bursting', 'True', 'Running');
  });

  test('because it is not Ready', async (t) => {
    await scene.cluster.virtualNode.setReady(false);
    await expectNoNewBurst(/1 not Ready/);
    const backAtMs = Date.now();
    await scene.cluster.virtualNode.setReady(true);
    await history.until('the rest', running(burst + more), 60_000);
    t.diagnostic(`the rest ran ${((Date.now() - backAtMs) / 1000).toFixed(1)} s after the node was back`);
  });

  test('because it is deleted: its pods are told of until they have gone, and a new one takes the burst again', async (t) => {
    const { virtualKubelet } = scene.cluster.components;
    await virtualKubelet.kill();
    await scene.kubectl(`delete node ${node}`);
    await expectNoNewBurst(/there is none|gone/);
    const backAtMs = Date.now();
    await virtualKubelet.start();
    await history.until('all of it on the new node', running(burst + more), 60_000);
    t.diagnostic(`all ran ${((Date.now() - backAtMs) / 1000).toFixed(1)} s after there was a node again`);
    await scene.condition('Limited', 'False');
  });
});
