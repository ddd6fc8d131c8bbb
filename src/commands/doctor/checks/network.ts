import type { RawObject } from '../../../cluster/raw.ts';
import { aksOf, newClusterCommands } from '../aks.ts';
import { fail, ok, skipped, warn } from '../finding.ts';
import type { Check, Look } from '../look.ts';
import type { DoctorNode } from '../raw.ts';

const id = 'network';

/** AKS labels nodes of overlay clusters with both, depending on their age (Azure/karpenter-provider-azure#714). */
const overlayLabels = {
  'kubernetes.azure.com/azure-cni-overlay': 'true',
  'kubernetes.azure.com/podnetwork-type': 'overlay',
} as const;

type Plugin = 'AzureCni' | 'AzureCniOverlay' | 'Kubenet';

/** Whether pods on a virtual node can reach the others: container groups live in the VNet, so pods must have addresses there. */
export const checkNetwork: Check = async (look) => {
  const aks = aksOf(look.nodes);
  if (aks === undefined) {
    return [
      skipped(
        id,
        'The nodes are not of Azure: the network between VMs and the virtual node is not looked at.',
      ),
    ];
  }
  switch (await pluginOf(look)) {
    case undefined:
      return [
        skipped(
          id,
          'The network plugin is not known.',
          `az aks show --resource-group ${aks.resourceGroup} --name ${aks.cluster} --query networkProfile`,
        ),
      ];
    case 'AzureCni':
      return [ok(id, 'The network is Azure CNI with pods in the VNet, as virtual nodes need it.')];
    case 'AzureCniOverlay':
      return [
        warn(
          id,
          'The network is Azure CNI Overlay: pods on VMs have no addresses in the VNet, so burst pods cannot reach them directly.',
          `Workers that only speak to a queue and to Services with an address in the VNet are fine. Otherwise, a cluster with pods in the VNet:\n${newClusterCommands(aks)}`,
        ),
      ];
    case 'Kubenet':
      return [
        fail(
          id,
          'The network is kubenet, which virtual nodes do not work with: they need Azure CNI.',
          `The plugin of a cluster cannot be changed to one with pods in the VNet. A new cluster:\n${newClusterCommands(aks)}`,
        ),
      ];
  }
};

/**
 * What AKS tells of the plugin on nodes and in kube-system. With kubenet and overlay each VM has a range of pod addresses
 * of its own (`spec.podCIDR`), with pods in the VNet it has none; only Azure CNI runs `azure-cns`, and not in all modes.
 */
async function pluginOf({ nodes, reader }: Look): Promise<Plugin | undefined> {
  const vms = nodes.filter(({ spec }) => spec?.providerID?.startsWith('azure://') === true);
  if (vms.some(isOverlay)) return 'AzureCniOverlay';
  const ranged = vms.some(({ spec }) => (spec?.podCIDR ?? '') !== '');
  const read = await reader.list<RawObject>('/apis/apps/v1/namespaces/kube-system/daemonsets');
  if (read.state !== 'read') return ranged ? undefined : 'AzureCni';
  const cns = read.value.some(({ metadata }) => metadata?.name === 'azure-cns');
  if (ranged) return cns ? 'AzureCniOverlay' : 'Kubenet';
  return 'AzureCni';
}

function isOverlay({ metadata }: DoctorNode): boolean {
  return Object.entries(overlayLabels).some(([name, value]) => metadata?.labels?.[name] === value);
}
