import { createHash } from 'node:crypto';

/** A VM node to add. Sizes are Kubernetes quantities; what is left out looks like a node of an AKS pool. */
export interface VmNode {
  readonly name: string;
  readonly cpu: string;
  readonly memory: string;
  /** How many pods it takes: 110 by default. */
  readonly pods?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  }[];
  /** Availability zone: `eastus-1` by default. */
  readonly zone?: string;
}

const region = 'eastus';

/** The Node object of a VM node. KWOK plays the kubelet of nodes with this annotation. */
export function vmNodeObject(node: VmNode, kubeletVersion: string): object {
  const zone = node.zone ?? `${region}-1`;
  const size = {
    cpu: node.cpu,
    memory: node.memory,
    pods: String(node.pods ?? 110),
    'ephemeral-storage': '119703055367',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        agentpool: 'nodepool1',
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.azure.com/agentpool': 'nodepool1',
        'kubernetes.azure.com/mode': 'user',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        'node.kubernetes.io/instance-type': 'Standard_D4s_v5',
        'topology.disk.csi.azure.com/zone': zone,
        'topology.kubernetes.io/region': region,
        'topology.kubernetes.io/zone': zone,
        ...node.labels,
      },
    },
    spec: {
      providerID: `azure:///subscriptions/test/virtualMachines/${node.name}`,
      taints: node.taints ?? [],
    },
    status: {
      allocatable: size,
      capacity: size,
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'containerd://2.0.0',
        kernelVersion: '6.6.0',
        kubeProxyVersion: '',
        kubeletVersion,
        machineID: createHash('sha256').update(node.name).digest('hex').slice(0, 32),
        operatingSystem: 'linux',
        osImage: 'Ubuntu 24.04 LTS',
        systemUUID: '',
      },
    },
  };
}
