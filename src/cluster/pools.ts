import type { VirtualPool } from '../config.ts';
import type { PodShape, VirtualPoolObservation, VmPoolObservation } from '../decide/observation.ts';
import type { Growth } from './autoscaler.ts';
import type { FreeRoom } from './free-room.ts';
import { isLive, type SlimNode, type SlimPod } from './slim.ts';
import type { NodeUse } from './virtual-node-use.ts';
import { poolOf } from './virtual-nodes.ts';

/** The VM pool as a pod of this shape sees it. `mates`: live pods of the target by node. */
export function vmPoolFor(
  room: FreeRoom,
  shape: PodShape,
  mates: ReadonlyMap<string, number>,
  growth: Growth,
): VmPoolObservation {
  return {
    matchingNodes: room.matchingNodes(shape),
    groups: room.groups(shape, mates),
    lastJoinedAtMs: room.lastJoinedAtMs(shape),
    ...growth,
  };
}

export interface VirtualPoolQuestion {
  readonly room: FreeRoom;
  readonly pools: readonly VirtualPool[];
  readonly useOf: (node: SlimNode) => NodeUse;
  /** The burst of the policy that asks: its companions' pods and those that were rescued. */
  readonly burst: readonly SlimPod[];
}

/** The pool that policies burst to: the first configured one whose nodes exist, else the first; undefined: none configured. */
export function virtualPoolIn(
  question: VirtualPoolQuestion,
): { readonly pool: VirtualPool; readonly observation: VirtualPoolObservation } | undefined {
  const { room, pools, useOf, burst } = question;
  const filed = room.virtualNodes().map((node) => ({ node, pool: poolOf(node, pools), use: useOf(node) }));
  const pool = pools.find((each) => filed.some((entry) => entry.pool === each)) ?? pools[0];
  if (pool === undefined) return undefined;
  const own = filed.filter((entry) => entry.pool === pool);
  const count = (use: NodeUse): number => own.filter((entry) => entry.use === use).length;
  const usable = own.filter(({ use }) => use === 'usable');
  const good = new Set(filed.filter(({ use }) => use === 'usable').map(({ node }) => node.name));
  const observation: VirtualPoolObservation = {
    name: pool.name,
    nodes: own.length,
    readyNodes: usable.length,
    cordoned: count('cordoned'),
    notReady: count('notReady'),
    ghosts: count('ghost'),
    burstOnUnusable: burst.filter(
      (pod) => isLive(pod) && pod.nodeName !== undefined && !good.has(pod.nodeName),
    ).length,
    freePods: usable.reduce(
      (sum, { node }) => sum + Math.max(0, node.allocatablePods - room.podsOn(node.name)),
      0,
    ),
  };
  return { pool, observation };
}
