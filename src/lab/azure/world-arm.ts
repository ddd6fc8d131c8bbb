import type { ContainerGroup, VirtualNode, World } from '../world/types.ts';
import { type ArmGroup, type ArmState, tagsOf, usualCapabilities } from './arm-state.ts';

/** The subscription behind a virtual node of the lab. */
export interface WorldArm extends ArmState {
  /** Lets a group of the node stay when its pod goes: an orphan to come. Returns whether there is one that runs. */
  leaveBehind(): boolean;
  /** Groups that stay, or have stayed, without their pod. */
  readonly left: number;
}

/** Container groups that a subscription may have, by default (Azure: quotas of Container Instances). */
const quotaGroups = 100;

/** Shows a virtual node of a lab as ARM does. Call it after the world was brought to the present. */
export function worldArm(world: Pick<World, 'objects'>, node: VirtualNode): WorldArm {
  /** By name. */
  const kept = new Map<string, ArmGroup>();
  const all = (): readonly ArmGroup[] => {
    const there = node.groups().map((group) => groupOf(world, node, group));
    const names = new Set(there.map(({ name }) => name));
    return [...there, ...[...kept.values()].filter(({ name }) => !names.has(name))];
  };
  return {
    usages() {
      const groups = all();
      const orphaned = groups.length - node.groups().length;
      const cores = groups.slice(groups.length - orphaned).reduce((sum, group) => sum + group.cores, 0);
      return [
        { name: 'ContainerGroups', limit: quotaGroups, used: groups.length },
        { name: 'StandardCores', limit: node.settings.quotaCores, used: node.usedCores + cores },
        { name: 'StandardSpotCores', limit: 10, used: 0 },
      ];
    },
    capabilities: () => usualCapabilities,
    groups: all,
    remove: (name) => void kept.delete(name),
    leaveBehind() {
      const group = node.groups().find(({ state }) => state === 'Running');
      if (group === undefined) return false;
      const told = groupOf(world, node, group);
      kept.set(told.name, told);
      return true;
    },
    get left() {
      return kept.size;
    },
  };
}

function groupOf(
  { objects }: Pick<World, 'objects'>,
  { name: nodeName }: VirtualNode,
  group: ContainerGroup,
): ArmGroup {
  const { namespace, pod, podUid, cores, memoryBytes, createdAtMs, state } = group;
  const { conditions } = objects.get('pods', `${namespace}/${pod}`)?.status ?? {};
  const ready = conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  const runningSinceMs = state === 'Running' ? Date.parse(ready?.lastTransitionTime ?? '') : Number.NaN;
  const atMs = Number.isNaN(runningSinceMs) ? createdAtMs : runningSinceMs;
  return {
    name: `${namespace}-${pod}`,
    tags: tagsOf({ uid: podUid, namespace, name: pod, nodeName, createdAtMs }),
    cores,
    memoryGb: memoryBytes / 1e9,
    provisioningState: state === 'Creating' ? 'Creating' : 'Succeeded',
    state: state === 'Creating' ? 'Pending' : state === 'Running' ? 'Running' : 'Succeeded',
    runningSinceMs: state === 'Running' ? atMs : undefined,
    restarts: 0,
    events: state === 'Creating' ? [] : [{ name: 'Started', type: 'Normal', message: 'Started', atMs }],
  };
}
