import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Environment } from '../../../src/azure/credential.ts';
import { type AzureSettings, azureSchema, azureSettingsOf } from '../../../src/azure/settings.ts';
import { type ArmGroup, type ArmState, tagsOf, usualCapabilities } from '../../../src/lab/azure/arm-state.ts';
import { type FakeArm, type FakeArmOptions, startFakeArm } from '../../../src/lab/azure/fake-arm.ts';

export const ids = {
  subscriptionId: '11111111-2222-4333-8444-555555555555',
  tenantId: '22222222-2222-4333-8444-555555555555',
  clientId: '33333333-2222-4333-8444-555555555555',
  region: 'westeurope',
  resourceGroup: 'MC_shop_shop_westeurope',
} as const;

/** A subscription that a test may change as it likes. */
export interface GivenState extends ArmState {
  limit: number;
  otherUse: number;
  readonly list: ArmGroup[];
  capable: ReturnType<ArmState['capabilities']>;
}

export function givenState(): GivenState {
  const list: ArmGroup[] = [];
  const state: GivenState = {
    limit: 10,
    otherUse: 0,
    list,
    capable: usualCapabilities,
    usages: () => [
      { name: 'ContainerGroups', limit: 100, used: list.length },
      {
        name: 'StandardCores',
        limit: state.limit,
        used: state.otherUse + list.reduce((sum, { cores }) => sum + cores, 0),
      },
    ],
    capabilities: () => state.capable,
    groups: () => list,
    remove: (name) => {
      const index = list.findIndex((group) => group.name === name);
      if (index >= 0) list.splice(index, 1);
    },
  };
  return state;
}

/** A group of a pod, running since ten seconds after the pod was made. */
export function givenGroup(name: string, more: Partial<ArmGroup> = {}): ArmGroup {
  const createdAtMs = Date.parse('2026-01-02T03:04:05Z');
  const pod = {
    uid: `uid-${name}`,
    namespace: 'media',
    name,
    nodeName: 'virtual-node-aci-linux',
    createdAtMs,
  };
  return {
    name: `media-${name}`,
    tags: tagsOf(pod),
    cores: 1,
    memoryGb: 1.5,
    provisioningState: 'Succeeded',
    state: 'Running',
    runningSinceMs: createdAtMs + 10_000,
    restarts: 0,
    events: [],
    ...more,
  };
}

export interface GivenArm {
  readonly fake: FakeArm;
  readonly settings: AzureSettings;
  readonly environment: Environment;
}

/** A fake ARM that ends with the test, and how to reach it with workload identity. */
export async function givenArm(
  t: TestContext,
  state: ArmState,
  more: Partial<FakeArmOptions> & { readonly azure?: Readonly<Record<string, unknown>> } = {},
): Promise<GivenArm> {
  const { azure, ...options } = more;
  const fake = await startFakeArm({ state, ...ids, ...options });
  const folder = mkdtempSync(join(tmpdir(), 'spillway-azure-'));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a token of the cluster');
  t.after(async () => {
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    fake,
    settings: azureSettingsOf(azureSchema.parse({ ...configOf(fake), ...azure })),
    environment: { AZURE_FEDERATED_TOKEN_FILE: tokenFile, AZURE_CLIENT_SECRET: 'never-to-be-seen' },
  };
}

/** The key `azure` of a configuration that leads to the fake. */
export function configOf({ url }: FakeArm): Readonly<Record<string, unknown>> {
  const { subscriptionId, region, resourceGroup, clientId, tenantId } = ids;
  return {
    subscriptionId,
    region,
    resourceGroup,
    clientId,
    tenantId,
    cloud: { endpoint: url, authorityHost: url, audience: url },
  };
}
