import type { VmNode } from '../cluster/cluster.ts';

/** A node for the pods of the release alone, so that those of the VM pool are counted without them. */
export const systemNode: VmNode = {
  name: 'system-1',
  cpu: '4',
  memory: '16Gi',
  labels: { pool: 'system' },
  taints: [{ key: 'CriticalAddonsOnly', value: 'true', effect: 'NoSchedule' }],
};

/** Values that put them there. */
export const onSystemNode = {
  nodeSelector: { pool: 'system' },
  tolerations: [{ key: 'CriticalAddonsOnly', operator: 'Exists' }],
};
