import type { Arm, ArmApi, Capability, Group, GroupView, Usage } from '../../../src/azure/arm.ts';
import { AzureWatch } from '../../../src/azure/azure-watch.ts';
import { ArmFailure } from '../../../src/azure/failure.ts';
import { type ArmCall, GuardedArm } from '../../../src/azure/guarded-arm.ts';
import type { Orphan } from '../../../src/azure/orphans.ts';
import type { PodsOnPool, PoolPod } from '../../../src/azure/pool-pods.ts';
import { RegionBounds } from '../../../src/azure/region-bounds.ts';
import { type AzureSettings, azureSchema, azureSettingsOf } from '../../../src/azure/settings.ts';
import type { VirtualPool } from '../../../src/config.ts';
import type { PolicyBurst } from '../../../src/limits/burst-limits.ts';
import { resolvePolicy } from '../../../src/policy/resolve.ts';
import { ids } from '../../lab/azure/given.ts';
import { meta } from '../cluster/given.ts';
import { VirtualClock } from '../cluster/virtual-clock.ts';

export const pool: VirtualPool = {
  name: 'aci',
  kind: 'AksAddon',
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [],
  price: { perCpuHour: 0.04, perMemoryGbHour: 0 },
};

export const startMs = Date.parse('2026-01-02T03:04:05Z');

export function settingsOf(more: Readonly<Record<string, unknown>> = {}): AzureSettings {
  const { subscriptionId, region, resourceGroup } = ids;
  return azureSettingsOf(azureSchema.parse({ subscriptionId, region, resourceGroup, ...more }));
}

/** An ARM in memory; `fails` decides what a call ends with. */
export class MemoryArm implements Arm {
  usages: readonly Usage[] = [{ name: 'StandardCores', limit: 10, used: 0 }];
  list: Group[] = [];
  readonly views = new Map<string, GroupView>();
  readonly calls: { readonly api: ArmApi; readonly atMs: number }[] = [];
  fails: (api: ArmApi) => ArmFailure | 'hangs' | undefined = () => undefined;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  usage(): Promise<readonly Usage[]> {
    return this.#answer('usage', this.usages);
  }

  capabilities(): Promise<readonly Capability[]> {
    const capability = {
      osType: 'Linux',
      ipAddressType: 'Private',
      gpu: 'None',
      maxCores: 4,
      maxMemoryGb: 16,
    };
    return this.#answer('capabilities', [capability]);
  }

  groups(): Promise<readonly Group[]> {
    return this.#answer('groups', [...this.list]);
  }

  group(name: string): Promise<GroupView | undefined> {
    return this.#answer('group', this.views.get(name));
  }

  async deleteGroup(name: string): Promise<void> {
    await this.#answer('deleteGroup', undefined);
    this.list = this.list.filter((group) => group.name !== name);
  }

  #answer<T>(api: ArmApi, value: T): Promise<T> {
    this.calls.push({ api, atMs: this.#now() });
    const failure = this.fails(api);
    if (failure === 'hangs') return new Promise<never>(() => {});
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  }
}

export const throttled = (retryAfterSeconds: number): ArmFailure =>
  new ArmFailure('AZURE_THROTTLED', { status: 429, retryAfterSeconds });

/** A watch on an ARM in memory, on a clock that moves only when told to. */
export function givenWatch(more: Readonly<Record<string, unknown>> = {}) {
  const clock = new VirtualClock(startMs);
  const arm = new MemoryArm(() => clock.now());
  const pods: PoolPod[] = [];
  let fresh = true;
  const cluster: PodsOnPool = {
    pods: () => pods,
    has: ({ uid }) => pods.some((pod) => pod.uid === uid),
    hasNamed: (named) =>
      pods.some(({ namespace, name }) => namespace === named.namespace && name === named.name),
    poolOfNode: (name) => (name === 'virtual-node-aci-linux' ? pool : undefined),
    coresOf: () => 1,
    fresh: () => fresh,
  };
  const calls: ArmCall[] = [];
  const failures: string[] = [];
  const started: number[] = [];
  const news: { readonly reason: string; readonly orphan: Orphan; readonly atMs: number }[] = [];
  const onFailure = ({ code }: ArmFailure): void => void failures.push(code);
  const guarded = new GuardedArm({ arm, clock, region: ids.region, onCall: (call) => calls.push(call) });
  const region = new RegionBounds({ arm: guarded, region: ids.region, clock, onFailure });
  const watch = new AzureWatch({
    arm: guarded,
    region,
    settings: settingsOf(more),
    served: [pool],
    pods: cluster,
    clock,
    stuckCreatingAfterSeconds: 900,
    onFailure,
    onTold: () => {},
    onStarted: (seconds) => started.push(seconds),
    onOrphan: (reason, orphan) => news.push({ reason, orphan, atMs: clock.now() }),
  });
  const setFresh = (value: boolean): void => {
    fresh = value;
  };
  return { clock, arm, guarded, region, watch, pods, calls, failures, started, news, setFresh };
}

/** A pod on the pool. */
export function poolPod(uid: string, more: Partial<PoolPod> = {}): PoolPod {
  return {
    uid,
    namespace: 'media',
    name: uid,
    policy: 'media/thumbnails',
    cores: 1,
    running: true,
    ready: true,
    boundAtMs: startMs - 60_000,
    ...more,
  };
}

/** A policy that may burst a lot, as a pass asks for it. */
export function question(more: Partial<PolicyBurst> = {}): PolicyBurst {
  const policy = resolvePolicy({
    apiVersion: 'spillway.dev/v1alpha1',
    kind: 'BurstPolicy',
    metadata: { ...meta('thumbnails'), name: 'thumbnails' },
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'worker' },
      burst: { maxReplicas: 500 },
    },
  });
  return { policy, pool, companion: undefined, asked: 0, running: 0, others: [], ...more };
}
