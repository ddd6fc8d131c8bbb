import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { connect } from '../../../src/cluster/client.ts';
import { startLabApi } from '../../../src/lab/api/server.ts';
import { drive } from '../../../src/lab/drive.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import { atOnce } from '../../../src/lab/world/scenario.ts';
import { createWorld } from '../../../src/lab/world/world.ts';
import { describeContract } from './contract.ts';

/** Time in the lab runs faster, so that graces and backoffs are short. */
const speed = 10;

describeContract('the contract, kept by the lab', async () => {
  const world = createWorld({
    seed: 'contract',
    startMs: systemClock.now(),
    scenario: {
      ...atOnce,
      pools: [{ name: 'vm', nodes: 0, cpu: '4', memory: '16Gi' }],
      virtualNodes: [{ settings: { startMs: constant(50) } }],
    },
  });
  const running = drive(world, systemClock, { speed });
  const api = await startLabApi({ world, catchUp: () => running.catchUp() });
  const dir = mkdtempSync(join(tmpdir(), 'spillway-contract-'));
  const kubeconfigPath = join(dir, 'kubeconfig');
  writeFileSync(kubeconfigPath, api.kubeconfig());
  const client = connect({ kubeconfigPath, userAgent: 'spillway-contract/0' });
  return {
    client,
    addVmNode: () => {
      running.catchUp();
      return Promise.resolve(world.vmNodes.add('vm'));
    },
    forgetHistory: () => world.objects.compact(0),
    pass: (seconds) => systemClock.sleep((seconds * 1000) / speed),
    async close() {
      await client.close();
      await api.close();
      running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
