import { after, before, describe } from 'node:test';
import { apiContract } from './api-contract.ts';
import type { ContractCluster } from './contract-cluster.ts';
import { evictionContract } from './eviction-contract.ts';
import { policyContract } from './policy-contract.ts';
import { schedulingContract } from './scheduling-contract.ts';
import { workloadContract } from './workload-contract.ts';

/**
 * The contract that the lab and the real control plane both keep. What one of them cannot keep is written down in
 * docs/lab.md and not asked here.
 */
export function describeContract(title: string, start: () => Promise<ContractCluster>): void {
  describe(title, () => {
    let cluster: ContractCluster | undefined;
    const current = (): ContractCluster => {
      if (cluster === undefined) throw new Error('The cluster of the contract did not start.');
      return cluster;
    };
    before(async () => {
      cluster = await start();
    });
    after(async () => {
      await cluster?.close();
    });
    apiContract(current);
    policyContract(current);
    workloadContract(current);
    schedulingContract(current);
    evictionContract(current);
  });
}
