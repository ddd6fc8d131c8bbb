import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AzureSettings, azureSchema, azureSettingsOf } from '../../azure/settings.ts';
import { startFakeArm } from '../../lab/azure/fake-arm.ts';
import { worldArm } from '../../lab/azure/world-arm.ts';
import type { World } from '../../lab/world/types.ts';
import type { RunOptions } from '../run.ts';
import { prices } from './scene.ts';

/** The part of Azure in the demo: a fake ARM over HTTPS, and what becomes of its quota and of one container group. */
export interface DemoAzure {
  readonly settings: AzureSettings;
  readonly fakeArm: NonNullable<RunOptions['fakeArm']>;
  /** What ARM tells now, in words. */
  words(): string;
  /** Lets the next thing happen if it is time; what happened, in words. */
  beat(moment: { readonly atSeconds: number; readonly burstRunning: number }): string | undefined;
  /** Nothing of the burst is left in Azure, not even what was left behind. */
  readonly over: boolean;
  close(): Promise<void>;
}

const ids = {
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  tenantId: '00000000-0000-4000-8000-000000000002',
  region: 'westeurope',
  resourceGroup: 'MC_demo',
} as const;
const clientId = '00000000-0000-4000-8000-000000000003';

/** Cores that the subscription has at first, and after it was granted more. */
const [firstQuota, laterQuota] = [16, 100] as const;
/** For so long the quota holds the burst back before more is granted, seconds. */
const heldSeconds = 7;

/** Starts a fake ARM that shows the first virtual node of a world. `folder`: for its login. */
export async function demoAzure(world: World, catchUp: () => void, folder: string): Promise<DemoAzure> {
  const [node] = [...world.virtualNodes.values()];
  if (node === undefined) throw new Error('the demo has no virtual node');
  node.change({ quotaCores: firstQuota });
  const state = worldArm(world, node);
  const fake = await startFakeArm({ ...ids, state, catchUp });
  const tokenFile = join(folder, 'federated-token');
  writeFileSync(tokenFile, 'the lab vouches for the demo');
  const { tenantId, ...place } = ids;
  const { url } = fake;
  let fullSinceSeconds: number | undefined;
  let leftBehind = false;
  return {
    settings: azureSettingsOf(
      azureSchema.parse({
        ...place,
        tenantId,
        clientId,
        cloud: { endpoint: url, authorityHost: url, audience: url },
        usageEverySeconds: 5,
        groupsEverySeconds: 5,
        orphans: 'reap',
        orphanGraceSeconds: 8,
      }),
    ),
    fakeArm: { ca: fake.ca, environment: { AZURE_FEDERATED_TOKEN_FILE: tokenFile } },
    words() {
      const cores = state.usages().find(({ name }) => name === 'StandardCores');
      const groups = state.groups();
      const perHour = groups.reduce(
        (sum, group) => sum + group.cores * prices.perCpuHour + group.memoryGb * prices.perMemoryGbHour,
        0,
      );
      return `StandardCores ${cores?.used} of ${cores?.limit} in use, ${groups.length} ${groups.length === 1 ? 'group' : 'groups'} for ${perHour.toFixed(2)} an hour`;
    },
    beat({ atSeconds, burstRunning }) {
      if (node.settings.quotaCores === firstQuota) {
        if (burstRunning < firstQuota) return undefined;
        fullSinceSeconds ??= atSeconds;
        if (atSeconds - fullSinceSeconds < heldSeconds) return undefined;
        node.change({ quotaCores: laterQuota });
        return `Azure grants more: ${laterQuota} cores instead of ${firstQuota}`;
      }
      if (leftBehind || !state.leaveBehind()) return undefined;
      leftBehind = true;
      return 'one container group will stay when its pod goes: an orphan';
    },
    get over() {
      return state.groups().length === 0;
    },
    close: () => fake.close(),
  };
}
