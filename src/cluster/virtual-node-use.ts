import type { SlimNode } from './slim.ts';

/** Whether a virtual node takes burst, or why it does not. */
export type NodeUse = 'usable' | 'cordoned' | 'notReady' | 'ghost';

/**
 * Nobody has renewed such a node for so long: its kubelet is gone. Virtual kubelets write their status every minute
 * (virtual-kubelet/node, `DefaultStatusUpdateInterval`) and renew their Lease every ten seconds.
 */
const ghostAfterMs = 300_000;
/** A heartbeat so old makes it worth asking for the Lease: kubelets that renew one write their status less often. */
const suspectAfterMs = 120_000;

/** What may be done with a virtual node. `renewedAtMs`: when its Lease was renewed; undefined: not known, or it has none. */
export function useOf(node: SlimNode, renewedAtMs: number | undefined, nowMs: number): NodeUse {
  if (!node.ready) return 'notReady';
  const aliveAtMs = Math.max(node.heartbeatAtMs ?? 0, renewedAtMs ?? 0);
  // Neither a heartbeat nor a Lease: nothing says that it is dead.
  if (aliveAtMs > 0 && nowMs - aliveAtMs > ghostAfterMs) return 'ghost';
  return node.cordoned ? 'cordoned' : 'usable';
}

/** Whether only the Lease of the node can tell that it lives. */
export function isSuspect(node: SlimNode, nowMs: number): boolean {
  return node.ready && node.heartbeatAtMs !== undefined && nowMs - node.heartbeatAtMs > suspectAfterMs;
}
