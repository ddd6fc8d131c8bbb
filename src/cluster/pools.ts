import type { VirtualPool } from '../config.ts';
import type { PodShape, VirtualPoolObservation, VmPoolObservation } from '../decide/observation.ts';
import type { FreeRoom } from './free-room.ts';
import { poolOf } from './virtual-nodes.ts';

/** The VM pool as a pod of this shape sees it. `mates`: live pods of the target by node. */
export function vmPoolFor(
  room: FreeRoom,
  shape: PodShape,
  mates: ReadonlyMap<string, number>,
  growth: VmPoolObservation['growth'],
): VmPoolObservation {
  return {
    matchingNodes: room.matchingNodes(shape),
    groups: room.groups(shape, mates),
    lastJoinedAtMs: room.lastJoinedAtMs(shape),
    growth,
  };
}

/** The pool that policies burst to: the first configured one whose nodes exist, else the first; undefined: none configured. */
export function virtualPoolIn(
  room: FreeRoom,
  pools: readonly VirtualPool[],
): { readonly pool: VirtualPool; readonly observation: VirtualPoolObservation } | undefined {
  const filed = room.virtualNodes().map((node) => ({ node, pool: poolOf(node, pools) }));
  const pool = pools.find((each) => filed.some((entry) => entry.pool === each)) ?? pools[0];
  if (pool === undefined) return undefined;
  const usable = filed
    .filter((entry) => entry.pool === pool)
    .map(({ node }) => node)
    .filter((node) => node.ready && !node.cordoned);
  const freePods = usable.reduce(
    (sum, node) => sum + Math.max(0, node.allocatablePods - room.podsOn(node.name)),
    0,
  );
  return { pool, observation: { name: pool.name, readyNodes: usable.length, freePods } };
}
