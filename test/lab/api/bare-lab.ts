import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClusterClient, connect } from '../../../src/cluster/client.ts';
import { type LabApi, startLabApi } from '../../../src/lab/api/server.ts';
import type { ShownWorld } from '../../../src/lab/api/shown-world.ts';
import { ObjectStore } from '../../../src/lab/world/objects.ts';
import { createRandom } from '../../../src/lab/world/random.ts';
import { Timeline } from '../../../src/lab/world/timeline.ts';

/** The lab's API over objects that nobody works on: its time passes only where a test says so. */
export interface BareLab {
  readonly api: LabApi;
  readonly objects: ObjectStore;
  readonly client: ClusterClient;
  readonly kubeconfigPath: string;
  /** A folder that goes with the lab. */
  readonly dir: string;
  /** Lets time pass in the world, seconds. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

export async function startBareLab(options: { readonly changeLogLength?: number } = {}): Promise<BareLab> {
  let nowMs = Date.parse('2026-01-02T03:04:05Z');
  const timeline = new Timeline();
  const objects = new ObjectStore({
    now: () => nowMs,
    random: createRandom('bare'),
    changeLogLength: options.changeLogLength ?? 10_000,
  });
  const world: ShownWorld = {
    objects,
    now: () => nowMs,
    schedule: (atMs, run) => timeline.add(atMs, run),
  };
  const pass = (seconds: number): void => {
    const untilMs = nowMs + seconds * 1000;
    for (let nextMs = timeline.nextAtMs; nextMs <= untilMs; nextMs = timeline.nextAtMs) {
      nowMs = Math.max(nowMs, nextMs);
      timeline.runNext();
    }
    nowMs = untilMs;
  };
  const api = await startLabApi({ world, catchUp: () => pass(0) });
  const dir = mkdtempSync(join(tmpdir(), 'spillway-lab-'));
  const kubeconfigPath = join(dir, 'kubeconfig');
  writeFileSync(kubeconfigPath, api.kubeconfig());
  const client = connect({ kubeconfigPath, userAgent: 'spillway-test/0' });
  return {
    api,
    objects,
    client,
    kubeconfigPath,
    dir,
    pass,
    async close() {
      await client.close();
      await api.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
