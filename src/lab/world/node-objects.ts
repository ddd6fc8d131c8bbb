import type { KubeInput, Labels, Taint } from './kube.ts';
import type { VirtualNodeSpec, VmPool } from './types.ts';

const region = 'eastus';
const kubeletVersion = 'v1.36.0';

/** The Node object of a VM of an AKS pool, Ready, as its kubelet and the cloud provider register it. */
export function vmNodeObject(pool: VmPool, name: string, at: string): KubeInput {
  const size = {
    cpu: pool.cpu,
    memory: pool.memory,
    pods: String(pool.pods ?? 110),
    'ephemeral-storage': '119703055367',
  };
  return {
    metadata: {
      name,
      labels: {
        agentpool: pool.name,
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.azure.com/agentpool': pool.name,
        'kubernetes.azure.com/mode': 'user',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'Standard_D4s_v5',
        'topology.disk.csi.azure.com/zone': `${region}-1`,
        'topology.kubernetes.io/region': region,
        'topology.kubernetes.io/zone': `${region}-1`,
        ...pool.labels,
      },
    },
    spec: {
      providerID: `azure:///subscriptions/lab/virtualMachines/${name}`,
      ...(pool.taints === undefined ? {} : { taints: pool.taints }),
    },
    status: {
      capacity: size,
      allocatable: size,
      conditions: [
        { ...healthy('MemoryPressure', at), status: 'False', reason: 'KubeletHasSufficientMemory' },
        { ...healthy('DiskPressure', at), status: 'False', reason: 'KubeletHasNoDiskPressure' },
        { ...healthy('PIDPressure', at), status: 'False', reason: 'KubeletHasSufficientPID' },
        { ...healthy('Ready', at), reason: 'KubeletReady' },
      ],
      addresses: [{ type: 'Hostname', address: name }],
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'containerd://2.0.0',
        kernelVersion: '6.6.0',
        kubeProxyVersion: '',
        kubeletVersion,
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'Ubuntu 24.04 LTS',
        systemUUID: '',
      },
    },
  };
}

export const virtualNodeName = 'virtual-node-aci-linux';

/** Label and taint by which virtual nodes of the AKS add-on are known. */
export const virtualNodeLabels: Labels = {
  type: 'virtual-kubelet',
  'kubernetes.io/role': 'agent',
  'beta.kubernetes.io/os': 'linux',
  'kubernetes.io/os': 'linux',
  'kubernetes.azure.com/managed': 'false',
  'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
};
export const virtualNodeTaints: readonly Taint[] = [
  { key: 'virtual-kubelet.io/provider', value: 'azure', effect: 'NoSchedule' },
];

/** The Node object of a virtual node: size is static and says nothing about quota, there is no providerID. */
export function virtualNodeObject(spec: VirtualNodeSpec, ready: boolean, at: string): KubeInput {
  const name = spec.name ?? virtualNodeName;
  const size = { cpu: spec.cpu ?? '10k', memory: spec.memory ?? '4Ti', pods: String(spec.pods ?? 5000) };
  return {
    metadata: {
      name,
      labels: { ...virtualNodeLabels, 'kubernetes.io/hostname': name, ...spec.labels },
    },
    spec: { taints: spec.taints ?? virtualNodeTaints },
    status: {
      capacity: size,
      allocatable: size,
      conditions: [
        { ...silent('Ready', at), status: ready ? 'True' : 'False', reason: 'KubeletReady' },
        { ...silent('MemoryPressure', at), status: 'False', reason: 'KubeletHasSufficientMemory' },
        { ...silent('DiskPressure', at), status: 'False', reason: 'KubeletHasNoDiskPressure' },
      ],
      addresses: [{ type: 'InternalIP', address: '10.240.0.1' }],
      nodeInfo: {
        architecture: '',
        bootID: '',
        containerRuntimeVersion: '',
        kernelVersion: '',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.25.0-vk-azure-aci-v1.6.4',
        machineID: '',
        operatingSystem: 'Linux',
        osImage: '',
        systemUUID: '',
      },
    },
  };
}

function healthy(type: string, at: string) {
  return { ...silent(type, at), lastHeartbeatTime: at };
}

/** Without a heartbeat: the world renews none, and a virtual node whose heartbeat is old is a ghost (cluster/virtual-node-use.ts). */
function silent(type: string, at: string) {
  return { type, status: 'True', lastTransitionTime: at };
}
