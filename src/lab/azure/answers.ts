import type { ArmGroup, ArmState } from './arm-state.ts';

/** What a fake ARM answers: JSON bodies as API version 2023-05-01 of Container Instances has them. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An error of ARM. */
export function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

export function usagesBody(state: ArmState): readonly unknown[] {
  return state.usages().map(({ name, limit, used }) => ({
    unit: 'Count',
    currentValue: used,
    limit,
    name: { value: name, localizedValue: name },
  }));
}

export function capabilitiesBody(state: ArmState, location: string): readonly unknown[] {
  return state.capabilities().map(({ osType, ipAddressType, gpu, maxCpu, maxMemoryInGB }) => ({
    resourceType: 'containerGroups',
    osType,
    location,
    ipAddressType,
    gpu,
    capabilities: { maxCpu, maxMemoryInGB, maxGpuCount: 0 },
  }));
}

/** A group; `whole`: with what its containers do, which lists leave out. */
export function groupBody(
  group: ArmGroup,
  place: { readonly path: string; readonly location: string },
  whole: boolean,
): unknown {
  const { name, tags, cores, memoryGb, provisioningState } = group;
  return {
    id: `${place.path}/${name}`,
    name,
    type: 'Microsoft.ContainerInstance/containerGroups',
    location: place.location,
    tags,
    properties: {
      provisioningState,
      osType: 'Linux',
      sku: 'Standard',
      restartPolicy: 'Always',
      containers: [
        {
          name: 'worker',
          properties: {
            image: 'example.com/worker:1',
            resources: { requests: { cpu: cores, memoryInGB: memoryGb } },
            ...(whole ? { instanceView: containerView(group) } : {}),
          },
        },
      ],
      ...(whole ? { instanceView: { state: group.state, events: [] } } : {}),
    },
  };
}

function containerView({ runningSinceMs, restarts, events, state }: ArmGroup): unknown {
  const currentState =
    runningSinceMs === undefined
      ? { state: state === 'Pending' ? 'Waiting' : 'Terminated' }
      : { state: 'Running', startTime: new Date(runningSinceMs).toISOString() };
  return {
    restartCount: restarts,
    currentState,
    events: events.map(({ name, type, message, atMs }) => {
      const at = new Date(atMs).toISOString();
      return { count: 1, firstTimestamp: at, lastTimestamp: at, name, type, message };
    }),
  };
}

/** Why a group of this size cannot be made; undefined: it can. The two texts are those of Container Instances. */
export function creationRefusal(
  state: ArmState,
  location: string,
  cores: number,
  hasCapacity: boolean,
): Answer | undefined {
  const quota = state.usages().find(({ name }) => name === 'StandardCores');
  if (quota !== undefined && quota.used + cores > quota.limit) {
    return refusal(
      409,
      'ContainerGroupQuotaReached',
      `Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota 'StandardCores' exceeded in region '${location}'. Limit: '${quota.limit}', Usage: '${quota.used}' Requested: '${cores}'.`,
    );
  }
  if (hasCapacity) return undefined;
  return refusal(
    409,
    'ServiceUnavailable',
    `The requested resource is not available in the location '${location}' at this moment. Please retry with a different resource request or in another location.`,
  );
}
