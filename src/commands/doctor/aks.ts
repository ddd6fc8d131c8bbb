import type { DoctorNode } from './raw.ts';

/** What the nodes of an AKS cluster tell of where they are. A name that they do not tell is a `<placeholder>`. */
export interface AksNames {
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly cluster: string;
  readonly region: string;
  /** The resource group that AKS keeps the VMs in. */
  readonly nodeResourceGroup: string;
  /** The VNet of the nodes and its resource group, where labels tell; undefined: made by AKS, or not told. */
  readonly vnet: { readonly resourceGroup: string; readonly name: string } | undefined;
}

/** AKS labels every node with the name of the node resource group, and its network in Azure CNI modes that need it. */
const label = {
  group: 'kubernetes.azure.com/cluster',
  vnet: 'kubernetes.azure.com/network-name',
  vnetGroup: 'kubernetes.azure.com/network-resourcegroup',
  region: 'topology.kubernetes.io/region',
} as const;

/** The names of the AKS cluster that these nodes are of; undefined: they run somewhere else. */
export function aksOf(nodes: readonly DoctorNode[]): AksNames | undefined {
  const vm = nodes.find(({ spec }) => spec?.providerID?.startsWith('azure://') === true);
  if (vm === undefined) return undefined;
  const labels = vm.metadata?.labels ?? {};
  const id = vm.spec?.providerID ?? '';
  const nodeResourceGroup =
    labels[label.group] ?? /\/resourceGroups\/([^/]+)/i.exec(id)?.[1] ?? '<node-resource-group>';
  const region = labels[label.region] ?? '<region>';
  const { [label.vnet]: name, [label.vnetGroup]: vnetGroup } = labels;
  return {
    subscription: /\/subscriptions\/([^/]+)/i.exec(id)?.[1] ?? '<subscription>',
    ...partsOf(nodeResourceGroup, region),
    region,
    nodeResourceGroup,
    vnet: name === undefined || vnetGroup === undefined ? undefined : { name, resourceGroup: vnetGroup },
  };
}

/**
 * `MC_<resource group>_<cluster>_<region>` is what AKS calls a node resource group unless told otherwise. Both names may
 * have underscores themselves; then nobody can tell where one ends.
 */
function partsOf(group: string, region: string): Pick<AksNames, 'resourceGroup' | 'cluster'> {
  const middle = new RegExp(`^MC_(.+)_${region.replaceAll(/\W/g, '')}$`, 'i').exec(group)?.[1] ?? '';
  const [resourceGroup, cluster, ...more] = middle.split('_');
  const clear = resourceGroup !== undefined && cluster !== undefined && more.length === 0;
  return clear ? { resourceGroup, cluster } : { resourceGroup: '<resource-group>', cluster: '<cluster>' };
}

/** Commands that add the virtual-node add-on to a cluster with Azure CNI (learn.microsoft.com/azure/aks/virtual-nodes-cli). */
export function addOnCommands(names: AksNames): string {
  const { resourceGroup, cluster, nodeResourceGroup, vnet } = names;
  const vnetGroup = vnet?.resourceGroup ?? nodeResourceGroup;
  const vnetName =
    vnet?.name ??
    `"$(az network vnet list --resource-group ${nodeResourceGroup} --query '[0].name' --output tsv)"`;
  return [
    ...find(names),
    '# A subnet for container groups alone, in the VNet of the nodes: write a range that is free there.',
    `VNET=${vnetName}`,
    `az network vnet subnet create --resource-group ${vnetGroup} --vnet-name "$VNET" --name virtual-node --address-prefixes 10.239.0.0/16 --delegations Microsoft.ContainerInstance/containerGroups`,
    "# The cluster's identity may use the VNet.",
    `az role assignment create --role "Network Contributor" --assignee "$(az aks show --resource-group ${resourceGroup} --name ${cluster} --query identity.principalId --output tsv)" --scope "$(az network vnet show --resource-group ${vnetGroup} --name "$VNET" --query id --output tsv)"`,
    '# The add-on.',
    `az aks enable-addons --resource-group ${resourceGroup} --name ${cluster} --addons virtual-node --subnet-name virtual-node`,
  ].join('\n');
}

/** Commands that make a cluster beside this one whose network can have a virtual node: a plugin is not changed in place. */
export function newClusterCommands(names: AksNames): string {
  const { resourceGroup, cluster, region } = names;
  const [vnet, made] = [`${cluster}-vnet`, `${cluster}-cni`];
  const subnet = `az network vnet subnet show --resource-group ${resourceGroup} --vnet-name ${vnet} --name nodes --query id --output tsv`;
  return [
    ...find(names),
    '# A VNet with a subnet for nodes and their pods, and one for container groups.',
    `az network vnet create --resource-group ${resourceGroup} --location ${region} --name ${vnet} --address-prefixes 10.0.0.0/8 --subnet-name nodes --subnet-prefixes 10.240.0.0/16`,
    `az network vnet subnet create --resource-group ${resourceGroup} --vnet-name ${vnet} --name virtual-node --address-prefixes 10.241.0.0/16 --delegations Microsoft.ContainerInstance/containerGroups`,
    '# A cluster with Azure CNI in it.',
    `az aks create --resource-group ${resourceGroup} --name ${made} --location ${region} --network-plugin azure --vnet-subnet-id "$(${subnet})" --enable-managed-identity`,
    "# The cluster's identity may use the VNet; then the add-on.",
    `az role assignment create --role "Network Contributor" --assignee "$(az aks show --resource-group ${resourceGroup} --name ${made} --query identity.principalId --output tsv)" --scope "$(az network vnet show --resource-group ${resourceGroup} --name ${vnet} --query id --output tsv)"`,
    `az aks enable-addons --resource-group ${resourceGroup} --name ${made} --addons virtual-node --subnet-name virtual-node`,
  ].join('\n');
}

/** How to come by names that the nodes do not tell. */
function find({ subscription, cluster, nodeResourceGroup }: AksNames): readonly string[] {
  const chosen = `az account set --subscription ${subscription}`;
  if (!cluster.startsWith('<')) return [chosen];
  const query = `[?nodeResourceGroup=='${nodeResourceGroup}'].[resourceGroup,name]`;
  return [chosen, '# Resource group and name of the cluster:', `az aks list --query "${query}" --output tsv`];
}
