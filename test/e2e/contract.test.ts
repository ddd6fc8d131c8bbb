import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/cluster/client.ts';
import { kubectlOrThrow, startOwnCluster } from '../cluster/cluster.ts';
import { describeContract } from '../lab/contract/contract.ts';

describeContract('the contract, kept by the real control plane', async () => {
  const cluster = await startOwnCluster();
  await kubectlOrThrow(cluster.kubectl, [
    'apply',
    '--server-side',
    '-f',
    'charts/spillway/files/burstpolicies.yaml',
  ]);
  await kubectlOrThrow(cluster.kubectl, [
    'wait',
    '--for=condition=Established',
    'crd/burstpolicies.spillway.dev',
  ]);
  const client = connect({ kubeconfigPath: cluster.kubeconfigPath, userAgent: 'spillway-contract/0' });
  let nodes = 0;
  return {
    client,
    async addVmNode() {
      nodes += 1;
      const name = `vm-${nodes}`;
      await cluster.addVmNode({ name, cpu: '4', memory: '16Gi' });
      return name;
    },
    // The watch cache of policies begins with their CRD, long after version 1.
    forgetHistory() {},
    pass: (seconds) => sleep(seconds * 1000),
    async close() {
      await client.close();
      await cluster.stop();
    },
  };
});
