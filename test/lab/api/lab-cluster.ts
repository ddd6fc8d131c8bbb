import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/clock.ts';
import { type ClusterClient, connect } from '../../../src/cluster/client.ts';
import { startLabApi } from '../../../src/lab/api/server.ts';
import { drive } from '../../../src/lab/drive.ts';
import { constant } from '../../../src/lab/world/distribution.ts';
import { atOnce } from '../../../src/lab/world/scenario.ts';
import type { Scenario, World } from '../../../src/lab/world/types.ts';
import { createWorld } from '../../../src/lab/world/world.ts';

/** A whole lab on the machine's clock, with a client. */
export interface LabCluster {
  readonly world: World;
  readonly client: ClusterClient;
  readonly url: string;
  readonly kubeconfigPath: string;
  /** A folder that goes with the lab. */
  readonly dir: string;
  /** Brings the world to the present: before a test itself looks into it. */
  catchUp(): void;
  close(): Promise<void>;
}

/** Starts a lab whose VMs start pods at once and whose virtual node takes 50 ms. */
export async function startLabCluster(
  options: { readonly scenario?: Partial<Scenario>; readonly speed?: number } = {},
): Promise<LabCluster> {
  const world = createWorld({
    seed: 'lab',
    startMs: systemClock.now(),
    scenario: {
      ...atOnce,
      pools: [{ name: 'vm', nodes: 2, cpu: '4', memory: '16Gi' }],
      virtualNodes: [{ settings: { startMs: constant(50) } }],
      ...options.scenario,
    },
  });
  const running = drive(world, systemClock, { speed: options.speed ?? 1 });
  const api = await startLabApi({ world, catchUp: () => running.catchUp() });
  const dir = mkdtempSync(join(tmpdir(), 'spillway-lab-'));
  const kubeconfigPath = join(dir, 'kubeconfig');
  writeFileSync(kubeconfigPath, api.kubeconfig());
  const client = connect({ kubeconfigPath, userAgent: 'spillway-test/0' });
  return {
    world,
    client,
    url: api.url,
    kubeconfigPath,
    dir,
    catchUp: () => running.catchUp(),
    async close() {
      await client.close();
      await api.close();
      running.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
