import { ok, skipped, warn } from '../finding.ts';
import type { Check } from '../look.ts';

const id = 'azure.quota';

/**
 * What the Azure subscription has left, as the policies' conditions tell: the controller asks Azure, not the doctor. Checks
 * that ask Azure themselves belong beside this one.
 */
export const checkAzure: Check = async ({ config, policies = [] }) => {
  const { azure } = config;
  if (azure === undefined) {
    return [skipped(id, 'ACI quota: not configured, so nobody reads what the subscription has left.')];
  }
  const { subscriptionId, region, cloud } = azure;
  const url = `${cloud.endpoint}/subscriptions/${subscriptionId}/providers/Microsoft.ContainerInstance/locations/${region}/usages?api-version=2023-05-01`;
  const shown = `az rest --method get --url "${url}"`;
  const limited = policies.flatMap(({ metadata, status }) => {
    const condition = status?.conditions?.find(({ type }) => type === 'Limited');
    return condition?.status === 'True' && condition.reason === 'ProviderQuota'
      ? [`${metadata.namespace ?? ''}/${metadata.name}`]
      : [];
  });
  if (limited.length > 0) {
    return [
      warn(
        id,
        `The ACI quota of region ${region} holds back ${limited.join(', ')}.`,
        `Ask for more quota in the portal, or lower burst.maxReplicas. What is used:\n${shown}`,
      ),
    ];
  }
  return policies.some(({ status }) => status?.lastDecision !== undefined)
    ? [ok(id, `The ACI quota of region ${region} holds no policy back.`)]
    : [
        skipped(
          id,
          `The ACI quota of region ${region} is read by the controller, which has decided nothing yet.`,
          shown,
        ),
      ];
};
