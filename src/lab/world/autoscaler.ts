import { type GroupStatus, goTime, statusText } from './autoscaler-status.ts';
import { nodesFor, putInto } from './binpack.ts';
import { conditionOf } from './conditions.ts';
import type { Node, Pod } from './kube.ts';
import { NodeGroup, type Order } from './node-group.ts';
import { vmNodeObject } from './node-objects.ts';
import { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { timeText } from './time.ts';
import type { AutoscalerSettings, Stage, VmPool } from './types.ts';
import type { VmFleet } from './vm-nodes.ts';

const statusKey = 'kube-system/cluster-autoscaler-status';

/**
 * cluster-autoscaler: every scan, pods that the scheduler called Unschedulable and that fit neither on nodes that are there (virtual ones that
 * they tolerate among them) nor on VMs that boot get new VMs, from the first pool of the scenario that helps; nodes that stay empty go.
 * Not modelled: draining of nodes that are little used, expanders, balancing of similar groups.
 */
export function startAutoscaler(
  stage: Stage,
  rooms: Rooms,
  fleet: VmFleet,
  pools: readonly VmPool[],
  settings: AutoscalerSettings,
): void {
  const { objects } = stage;
  const groups = pools.map((pool) => new NodeGroup(pool, settings, stage.now()));
  const stuck = new Map<string, Pod>();
  const emptySinceMs = new Map<string, number>();

  const scan = (): void => {
    giveUpLateOrders();
    scaleUp();
    scaleDown();
    tell();
    stage.schedule(stage.now() + settings.scanMs, scan);
  };

  const scaleUp = (): void => {
    if (stuck.size === 0) return;
    const present = [...rooms.all()].map((room) => room.copy());
    const coming = groups.flatMap((group) =>
      [...group.orders].map((_, index) => templateRoom(group.pool, index)),
    );
    let homeless = putInto([...present, ...coming], [...stuck.values()]);
    for (const group of groups) {
      if (homeless.length === 0) return;
      if (group.inBackoff(stage.now())) continue;
      const free = group.maxSize - sizeOf(group);
      const { nodes, left } = nodesFor(templateNode(group.pool, 0), homeless, Math.max(0, free));
      if (nodes > 0 && order(group, nodes)) homeless = left;
    }
  };

  /** Orders VMs as far as the cloud's quota goes; false: the pool backs off. */
  const order = (group: NodeGroup, nodes: number): boolean => {
    const granted = Math.min(nodes, settings.vmQuota - fleet.count);
    for (let made = 0; made < granted; made += 1) orderOne(group);
    if (granted === nodes) return true;
    const message = `Operation could not be completed as it results in exceeding approved quota: limit ${settings.vmQuota} VMs`;
    group.backOff(stage.now(), 'QUOTA_EXCEEDED', message);
    return false;
  };

  const orderOne = (group: NodeGroup): void => {
    const ordered = fleet.order(group.pool.name, () => {
      group.orders.delete(entry);
      group.succeeded();
    });
    const entry: Order = { orderedAtMs: stage.now(), cancel: () => ordered.cancel() };
    group.orders.add(entry);
    group.lastOrderMs = stage.now();
  };

  const giveUpLateOrders = (): void => {
    for (const group of groups) {
      for (const late of group.orders) {
        if (stage.now() - late.orderedAtMs <= settings.provisionMs) continue;
        late.cancel();
        group.orders.delete(late);
        if (!group.inBackoff(stage.now())) {
          group.backOff(stage.now(), 'timeout', 'Scale-up timed out for node group');
        }
      }
    }
  };

  const scaleDown = (): void => {
    const latestOrderMs = Math.max(...groups.map((group) => group.lastOrderMs));
    const nowMs = stage.now();
    for (const group of groups) {
      for (const name of fleet.namesOf(group.pool.name)) {
        const room = rooms.get(name);
        if (room === undefined || room.pods.size > 0) {
          emptySinceMs.delete(name);
          continue;
        }
        const sinceMs = emptySinceMs.get(name) ?? nowMs;
        emptySinceMs.set(name, sinceMs);
        const mayGo =
          nowMs - sinceMs >= settings.unneededMs && nowMs - latestOrderMs >= settings.delayAfterAddMs;
        if (!mayGo || sizeOf(group) <= group.minSize) continue;
        emptySinceMs.delete(name);
        fleet.remove(name);
      }
    }
  };

  const sizeOf = (group: NodeGroup): number =>
    fleet.namesOf(group.pool.name).length + fleet.bootingIn(group.pool.name);

  const tell = (): void => {
    const nowMs = stage.now();
    const statuses = groups.map((group): GroupStatus => {
      const names = fleet.namesOf(group.pool.name);
      const empty = names.filter((name) => emptySinceMs.has(name)).length;
      return {
        name: group.pool.name,
        ready: names.filter((name) => isReadyNode(rooms.get(name)?.node)).length,
        target: sizeOf(group),
        minSize: group.minSize,
        maxSize: group.maxSize,
        ...group.state(nowMs),
        scaleDownCandidates: sizeOf(group) > group.minSize ? empty : 0,
        scaleDownSinceMs: nowMs,
      };
    });
    const configMap = {
      metadata: {
        name: 'cluster-autoscaler-status',
        namespace: 'kube-system',
        annotations: { 'cluster-autoscaler.kubernetes.io/last-updated': goTime(nowMs) },
      },
      data: { status: statusText(statuses, nowMs) },
    };
    if (objects.get('configmaps', statusKey) === undefined) objects.create('configmaps', configMap);
    else objects.update('configmaps', configMap);
  };

  const templateNode = (pool: VmPool, index: number): Node => {
    const input = vmNodeObject(pool, `${pool.name}-template-${index}`, timeText(stage.now()));
    return { apiVersion: 'v1', kind: 'Node', ...input } as unknown as Node;
  };
  const templateRoom = (pool: VmPool, index: number): Room => new Room(templateNode(pool, index));

  objects.onChange(({ type, resource, key, object }) => {
    if (resource !== 'pods') return;
    const pod = object as Pod;
    const scheduled = conditionOf(pod.status.conditions, 'PodScheduled');
    const isStuck =
      type !== 'DELETED' &&
      pod.metadata.deletionTimestamp === undefined &&
      scheduled?.status === 'False' &&
      scheduled.reason === 'Unschedulable' &&
      pod.status.nominatedNodeName === undefined;
    if (isStuck) stuck.set(key, pod);
    else stuck.delete(key);
  });
  stage.schedule(stage.now() + settings.scanMs, scan);
  tell();
}

function isReadyNode(node: Node | undefined): boolean {
  return conditionOf(node?.status.conditions, 'Ready')?.status === 'True';
}
