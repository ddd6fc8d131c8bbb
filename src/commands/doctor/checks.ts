import { checkApiServer } from './checks/api-server.ts';
import { checkAzure } from './checks/azure.ts';
import { checkConfiguration } from './checks/configuration.ts';
import { checkController } from './checks/controller.ts';
import { checkCrd } from './checks/crd.ts';
import { checkExternalMetrics } from './checks/external-metrics.ts';
import { checkGrowth } from './checks/growth.ts';
import { checkNetwork } from './checks/network.ts';
import { checkPeople } from './checks/people.ts';
import { checkAccepted } from './checks/policy-accepted.ts';
import { checkDisruption } from './checks/policy-disruption.ts';
import { checkEligible } from './checks/policy-eligible.ts';
import { checkLimits } from './checks/policy-limits.ts';
import { checkScalers } from './checks/policy-scalers.ts';
import { checkSources } from './checks/policy-sources.ts';
import { checkTarget } from './checks/policy-target.ts';
import { checkRights } from './checks/rights.ts';
import { checkVirtualNodes } from './checks/virtual-nodes.ts';
import type { Check, PolicyCheck } from './look.ts';

/** What is looked at once, by heading, in the order in which it is told. */
export const clusterChecks: Readonly<Record<string, readonly Check[]>> = {
  Cluster: [checkApiServer, checkCrd, checkConfiguration, checkController, checkRights, checkPeople],
  'Virtual nodes and VMs': [checkVirtualNodes, checkNetwork, checkGrowth],
  Neighbours: [checkExternalMetrics, checkAzure],
};

/** What is looked at for each policy. */
export const policyChecks: readonly PolicyCheck[] = [
  checkAccepted,
  checkTarget,
  checkEligible,
  checkScalers,
  checkSources,
  checkLimits,
  checkDisruption,
];
