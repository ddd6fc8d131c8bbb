import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../cluster/wait-for.ts';
import type { ControllerProcess } from './controller-process.ts';
import type { History } from './history.ts';
import { seeded } from './random.ts';
import { namespace, quickPolicy, type Scene, startScene, workerDeployment } from './scene.ts';
import { setBacklog } from './spike.ts';

const vmCapacity = 12;
const maxReplicas = 30;
/** The spike as the test brings it: jobs that wait, one replica each. Between two of them the controller is killed. */
const backlogs = [20, 34, 60, 25, 40] as const;
/** The kill comes at a random moment within so long after a change of the backlog, milliseconds. */
const withinMs = 400;

describe('kill -9 of the controller at five random moments of a spike', () => {
  let scene: Scene;
  let history: History;
  let controller: ControllerProcess;
  const seed = Number(process.env['SPILLWAY_E2E_SEED'] ?? Date.now() % 100_000);
  const random = seeded(seed);

  before(async () => {
    console.log(`SPILLWAY_E2E_SEED=${seed}`);
    scene = await startScene();
    await scene.cluster.virtualNode.setDeletion('remove');
    await scene.apply(workerDeployment(), quickPolicy({ burst: { maxReplicas } }));
    history = await scene.history();
    controller = await nextController(0);
  });
  after(() => scene?.close());

  /** Starts a controller and waits until it leads: one that crashed gives no Lease back, so that takes until its end. */
  async function nextController(index: number): Promise<ControllerProcess> {
    const next = await scene.controller(`spillway-${index}`);
    await waitFor('it to lead', () => next.log().some(({ message }) => message === 'leading'), 40_000);
    return next;
  }

  for (const [index, backlog] of backlogs.entries()) {
    const delayMs = Math.round(random() * withinMs);
    test(`killed ${delayMs} ms after the backlog became ${backlog}, it leaves nothing that the next cannot go on from`, async () => {
      await setBacklog(scene.queue, backlog);
      await sleep(delayMs);
      controller.signal('SIGKILL');
      await controller.ended;
      controller = await nextController(index + 1);
      await history.until(`${backlog} replicas`, converged(backlog));
    });
  }

  test('after all that, the end of the spike ends as it does without crashes: nothing is left over', async () => {
    await setBacklog(scene.queue, 0);
    await history.until(
      'the minimum',
      ({ targetReplicas, companions, burst }) =>
        targetReplicas === 2 && Object.keys(companions).length === 0 && burst === 0,
    );
    await scene.condition('Bursting', 'False', 'NothingSpills');
    assert.equal(
      (await scene.kubectl(`get rs,pods -n ${namespace} -l spillway.dev/burst -o name`)).trim(),
      '',
    );
    assert.equal(
      (await scene.kubectl(`get deployments -n ${namespace} -o name`)).trim().split('\n').length,
      1,
    );
    assert.deepEqual(await scene.cluster.virtualNode.pods(), []);
  });

  test('at no moment was more asked for than burst.maxReplicas, nor did more pods live (promise 4)', () => {
    assert.ok(history.frames.every(({ asked, burst }) => asked <= maxReplicas && burst <= maxReplicas));
    assert.ok(history.frames.some(({ asked }) => asked === maxReplicas));
  });

  test('at no moment were there two companions', () => {
    assert.ok(history.frames.every(({ companions }) => Object.keys(companions).length <= 1));
  });
});

/** The end state for a backlog: VMs full, and the rest bursts as far as the policy lets it. */
function converged(backlog: number): Parameters<History['until']>[1] {
  const burst = Math.min(backlog - vmCapacity, maxReplicas);
  return (frame) =>
    frame.placedReady === vmCapacity &&
    frame.asked === burst &&
    frame.burstReady === burst &&
    frame.burst === burst;
}
