import {
  type ContainerGroup,
  ContainerInstanceManagementClient,
  type Event as AzureEvent,
} from '@azure/arm-containerinstance';
import type { Arm, Capability, Group, GroupEvent, GroupPod, GroupView, Usage } from './arm.ts';
import { clientOptions, credentialOf, type Environment } from './credential.ts';
import { failureOf } from './failure.ts';
import type { AzureSettings } from './settings.ts';

/** Pages that are read of one list before it counts as endless; a region has 100 groups unless somebody asked for more. */
const mostItems = 20_000;
/** Between two looks at a deletion that is under way, ms. */
const deletionPollMs = 5_000;

export interface SdkArmOptions {
  readonly settings: AzureSettings;
  readonly environment: Environment;
  /** An authority in PEM that is trusted besides the usual ones, for a fake ARM; undefined: none. */
  readonly ca?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Azure Resource Manager through Microsoft's SDK. Nothing is retried in here. Throws AZURE_CREDENTIAL_MISSING. */
export function sdkArm({ settings, environment, ca, now }: SdkArmOptions): Arm {
  const { cloud, subscriptionId, region, resourceGroup } = settings;
  const client = new ContainerInstanceManagementClient(
    credentialOf(settings, environment, ca),
    subscriptionId,
    {
      ...clientOptions(ca),
      endpoint: cloud.endpoint,
      $host: cloud.endpoint,
      credentialScopes: `${cloud.audience}/.default`,
    },
  );
  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw failureOf(error, now(), region);
    }
  };
  return {
    usage: (abortSignal) =>
      told(async () => (await all(client.location.listUsage(region, { abortSignal }))).flatMap(usageOf)),
    capabilities: (abortSignal) =>
      told(async () =>
        (await all(client.location.listCapabilities(region, { abortSignal }))).flatMap(capabilityOf),
      ),
    groups: (abortSignal) =>
      told(async () =>
        (await all(client.containerGroups.listByResourceGroup(resourceGroup, { abortSignal }))).map(groupOf),
      ),
    group: (name, abortSignal) =>
      told(async () =>
        orGone(async () => viewOf(await client.containerGroups.get(resourceGroup, name, { abortSignal }))),
      ),
    deleteGroup: (name, abortSignal) =>
      told(async () => {
        await orGone(async () => {
          const options = { abortSignal, updateIntervalInMs: deletionPollMs };
          const poller = await client.containerGroups.beginDelete(resourceGroup, name, options);
          await poller.pollUntilDone({ abortSignal });
        });
      }),
  };
}

async function all<T>(list: AsyncIterable<T>): Promise<readonly T[]> {
  const items: T[] = [];
  for await (const item of list) {
    items.push(item);
    if (items.length >= mostItems) break;
  }
  return items;
}

/** A group that is not there any more is no failure; a resource group or subscription that is not there is. */
async function orGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    const { statusCode, code } = error as { readonly statusCode?: unknown; readonly code?: unknown };
    if (statusCode === 404 && code !== 'ResourceGroupNotFound' && code !== 'SubscriptionNotFound') {
      return undefined;
    }
    throw error;
  }
}

function usageOf(row: {
  readonly name?: { readonly value?: string };
  readonly limit?: number;
  readonly currentValue?: number;
}): readonly Usage[] {
  const { name, limit, currentValue: used } = row;
  return name?.value === undefined || !isAmount(limit) || !isAmount(used)
    ? []
    : [{ name: name.value, limit, used }];
}

function capabilityOf(row: {
  readonly osType?: string;
  readonly ipAddressType?: string;
  readonly gpu?: string;
  readonly capabilities?: { readonly maxCpu?: number; readonly maxMemoryInGB?: number };
}): readonly Capability[] {
  const { osType = '', ipAddressType = '', gpu = 'None', capabilities } = row;
  const { maxCpu: maxCores, maxMemoryInGB: maxMemoryGb } = capabilities ?? {};
  return isAmount(maxCores) && isAmount(maxMemoryGb)
    ? [{ osType, ipAddressType, gpu, maxCores, maxMemoryGb }]
    : [];
}

/** What a broken answer leaves out or makes of a number is not taken for one. */
function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function groupOf({ name = '', tags = {}, containers, provisioningState = '' }: ContainerGroup): Group {
  const sum = (of: (requests: { cpu?: number; memoryInGB?: number }) => number | undefined): number =>
    (containers ?? []).reduce((total, each) => total + (of(each.resources?.requests ?? {}) ?? 0), 0);
  return {
    name,
    pod: podIn(tags),
    cores: sum(({ cpu }) => cpu),
    memoryBytes: sum(({ memoryInGB }) => memoryInGB) * 1e9,
    provisioningState,
  };
}

function podIn(tags: Readonly<Record<string, string>>): GroupPod | undefined {
  const { UID: uid, Namespace: namespace, PodName: name, NodeName: nodeName, CreationTimestamp } = tags;
  if (uid === undefined || namespace === undefined || name === undefined || nodeName === undefined) {
    return undefined;
  }
  return { uid, namespace, name, nodeName, createdAtMs: timeIn(CreationTimestamp) };
}

/** azure-aci writes times as Go prints them: `2026-01-02 03:04:05 +0000 UTC`. */
function timeIn(text = ''): number | undefined {
  const [, date, time, sign, hours, minutes] =
    /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) ([+-])(\d\d)(\d\d)\b/.exec(text) ?? [];
  const atMs = Date.parse(date === undefined ? text : `${date}T${time}${sign}${hours}:${minutes}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}

function viewOf(group: ContainerGroup): GroupView {
  const { instanceView, containers } = group;
  const views = (containers ?? []).map((container) => container.instanceView);
  const begun = views.map((view) =>
    view?.currentState?.state === 'Running' ? view.currentState.startTime?.getTime() : undefined,
  );
  const events = [...(instanceView?.events ?? []), ...views.flatMap((view) => view?.events ?? [])];
  return {
    ...groupOf(group),
    state: instanceView?.state ?? '',
    restarts: views.reduce((sum, view) => sum + (view?.restartCount ?? 0), 0),
    runningSinceMs:
      begun.length === 0 || begun.includes(undefined)
        ? undefined
        : Math.max(...begun.map((atMs) => atMs ?? 0)),
    events: events.map(eventOf).sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0)),
  };
}

function eventOf({ name = '', type = '', count = 1, lastTimestamp }: AzureEvent): GroupEvent {
  return { name, type, count, atMs: lastTimestamp?.getTime() };
}
