import { admits } from './admits.ts';
import type { PodShape, Resources, RoomClaim, RoomGroup, VmPoolObservation } from './observation.ts';

export { admits } from './admits.ts';

/** `kubernetes.io/hostname`: each node is a domain of its own. */
const hostname = 'kubernetes.io/hostname';

/**
 * How many more pods of this shape the VM pool takes (H), once the room that others were promised is set aside.
 *
 * A prediction by fitting, node group by node group, so that its cost grows with the kinds of nodes and not with
 * their number. Kept: requests, pod slots, host ports, required anti-affinity against its own like, hard spread.
 * Not kept: anti-affinity against other workloads and volumes; where these stop pods that fit on paper,
 * the evidence of stuck pods overrules the prediction (see distrust.ts).
 */
export function headroom(shape: PodShape, pool: VmPoolObservation, claims: readonly RoomClaim[]): number {
  const groups = claims.reduce((left, claim) => setAside(left, claim), pool.groups);
  return place(shape, groups);
}

/** Pods of this shape that fit on one node of the group. */
export function fitsOnOne(shape: PodShape, group: RoomGroup): number {
  if (shape.hostPorts.length > 0 && group.hostPortTaken) return 0;
  const alone = shape.exclusiveBy.includes(hostname);
  if (alone && group.mates > 0) return 0;
  const byRoom = Math.min(group.freePods, timesIn(shape.requests, group.free));
  const atMost = alone || shape.hostPorts.length > 0 ? 1 : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(byRoom, atMost));
}

/** How many times the requests go into what is free; infinite when nothing is requested. */
function timesIn(requests: Resources, free: Resources): number {
  const times = (asked: number, left: number): number =>
    asked <= 0 ? Number.POSITIVE_INFINITY : Math.floor(left / asked);
  return Math.min(
    times(requests.cpuMillicores, free.cpuMillicores),
    times(requests.memoryBytes, free.memoryBytes),
    times(requests.ephemeralStorageBytes, free.ephemeralStorageBytes),
    ...Object.entries(requests.extended).map(([name, asked]) => times(asked, free.extended[name] ?? 0)),
  );
}

function place(shape: PodShape, groups: readonly RoomGroup[]): number {
  const fitted = groups.map((group) => ({ group, each: fitsOnOne(shape, group) }));
  const wide = shape.exclusiveBy.filter((key) => key !== hostname);
  const bounds = [
    sum(fitted.map(({ group, each }) => group.nodes * each)),
    ...shape.spread.map(({ topologyKey, maxSkew }) => spreadOver(domainsBy(topologyKey, fitted), maxSkew)),
    ...wide.map((key) => sum(domainsBy(key, fitted).map((domain) => freeDomains(domain)))),
  ];
  return Math.min(...bounds);
}

/** Alike domains of one topology key: how many there are, what each holds and what it could still take. */
interface Domain {
  readonly count: number;
  readonly mates: number;
  readonly room: number;
}

interface Fitted {
  readonly group: RoomGroup;
  readonly each: number;
}

function domainsBy(topologyKey: string, fitted: readonly Fitted[]): readonly Domain[] {
  if (topologyKey === hostname) {
    return fitted.map(({ group, each }) => ({ count: group.nodes, mates: group.mates, room: each }));
  }
  const domains = new Map<string, Domain>();
  for (const { group, each } of fitted) {
    const value = group.nodeClass.labels[topologyKey];
    if (value === undefined) continue;
    const domain = domains.get(value) ?? { count: 1, mates: 0, room: 0 };
    domains.set(value, {
      count: 1,
      mates: domain.mates + group.mates * group.nodes,
      room: domain.room + each * group.nodes,
    });
  }
  return [...domains.values()];
}

function freeDomains(domain: Domain): number {
  return domain.mates === 0 && domain.room > 0 ? domain.count : 0;
}

/**
 * The most pods that can be added while no domain is more than `maxSkew` above the emptiest: the fullest level the
 * emptiest can reach, plus the skew, bounds every domain (DoNotSchedule in the topology spread docs).
 */
function spreadOver(domains: readonly Domain[], maxSkew: number): number {
  if (domains.length === 0) return 0;
  const level = Math.min(...domains.map((domain) => domain.mates + domain.room)) + maxSkew;
  return sum(
    domains.map((domain) => domain.count * Math.min(domain.room, Math.max(0, level - domain.mates))),
  );
}

/**
 * Takes a claim's room out of the groups, emptiest nodes first as the scheduler would, whole nodes at a time.
 * What exactly the scheduler will do is not knowable; what matters is that no room is promised twice.
 */
function setAside(groups: readonly RoomGroup[], claim: RoomClaim): readonly RoomGroup[] {
  let left = claim.pods;
  const emptiestFirst = [...groups].sort((a, b) => b.free.cpuMillicores - a.free.cpuMillicores);
  return emptiestFirst.flatMap((group) => {
    const each = admits(claim.shape, group.nodeClass) ? fitsOnOne(claim.shape, group) : 0;
    if (left <= 0 || each <= 0) return [group];
    const filledNodes = Number.isFinite(each) ? Math.min(group.nodes, Math.floor(left / each)) : 0;
    const rest = filledNodes < group.nodes ? Math.min(each, left - filledNodes * each) : 0;
    left -= filledNodes * each + rest;
    return [
      { ...taken(group, claim.shape, each), nodes: filledNodes },
      { ...taken(group, claim.shape, rest), nodes: rest > 0 ? 1 : 0 },
      { ...group, nodes: group.nodes - filledNodes - (rest > 0 ? 1 : 0) },
    ].filter((part) => part.nodes > 0);
  });
}

function taken(group: RoomGroup, shape: PodShape, pods: number): RoomGroup {
  const { requests } = shape;
  const extended = Object.fromEntries(
    Object.entries(group.free.extended).map(([name, free]) => [
      name,
      free - pods * (requests.extended[name] ?? 0),
    ]),
  );
  return {
    ...group,
    freePods: group.freePods - pods,
    free: {
      cpuMillicores: group.free.cpuMillicores - pods * requests.cpuMillicores,
      memoryBytes: group.free.memoryBytes - pods * requests.memoryBytes,
      ephemeralStorageBytes: group.free.ephemeralStorageBytes - pods * requests.ephemeralStorageBytes,
      extended,
    },
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
