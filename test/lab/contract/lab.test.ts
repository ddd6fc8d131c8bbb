import { systemClock } from '../../../src/clock.ts';
import { startLabCluster } from '../api/lab-cluster.ts';
import { describeContract } from './contract.ts';

/** Time in the lab runs faster, so that graces and backoffs are short. */
const speed = 10;

describeContract('the contract, kept by the lab', async () => {
  const pools = [{ name: 'vm', nodes: 0, cpu: '4', memory: '16Gi' }];
  const lab = await startLabCluster({ scenario: { pools }, speed });
  return {
    client: lab.client,
    addVmNode: () => {
      lab.catchUp();
      return Promise.resolve(lab.world.vmNodes.add('vm'));
    },
    forgetHistory: () => lab.world.objects.compact(0),
    pass: (seconds) => systemClock.sleep((seconds * 1000) / speed),
    close: () => lab.close(),
  };
});
