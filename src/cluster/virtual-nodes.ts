import { aciPace, type VirtualPool } from '../config.ts';
import { carries } from '../policy/labels.ts';
import type { SlimNode } from './slim.ts';

const providerTaint = 'virtual-kubelet.io/provider';

const toleration = {
  key: providerTaint,
  operator: 'Exists',
  value: undefined,
  effect: 'NoSchedule',
} as const;

/**
 * Pools that work without being configured, looked for in this order: virtual nodes on ACI ("v2"), the AKS add-on, and
 * any other virtual-kubelet that keeps the documented label. The node of the azure-aci Helm chart carries the same
 * labels as that of the add-on and can do the same, so one row finds both; only a configured pool can tell them apart
 * (by the node's name). No prices: budgets do not bite.
 */
export const defaultVirtualPools: readonly VirtualPool[] = [
  {
    name: 'aks-v2',
    kind: 'AksV2',
    nodeSelector: { virtualization: 'virtualnode2' },
    tolerations: [toleration],
    price: undefined,
    pace: aciPace,
  },
  {
    name: 'aks-addon',
    kind: 'AksAddon',
    nodeSelector: { type: 'virtual-kubelet', 'kubernetes.azure.com/managed': 'false' },
    tolerations: [toleration],
    price: undefined,
    pace: aciPace,
  },
  {
    name: 'virtual-kubelet',
    kind: 'Generic',
    nodeSelector: { type: 'virtual-kubelet' },
    tolerations: [toleration],
    price: undefined,
  },
];

/** The first pool whose selector the node carries; undefined: it is in none of them. */
export function poolOf(node: SlimNode, pools: readonly VirtualPool[]): VirtualPool | undefined {
  return pools.find(
    ({ nodeSelector }) => Object.keys(nodeSelector).length > 0 && carries(node.labels, nodeSelector),
  );
}

/**
 * Whether the node is virtual: in a pool, or recognisable as a virtual-kubelet by its `type` label or provider
 * taint. Such a node is never part of the VM pool, configured or not: it would look like endless room.
 */
export function isVirtual(node: SlimNode, pools: readonly VirtualPool[]): boolean {
  return (
    poolOf(node, pools) !== undefined ||
    node.labels.type === 'virtual-kubelet' ||
    node.taints.some(({ key }) => key === providerTaint)
  );
}
