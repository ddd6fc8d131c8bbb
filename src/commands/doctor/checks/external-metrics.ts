import type { RawCondition, RawObject } from '../../../cluster/raw.ts';
import { ok, skipped, warn } from '../finding.ts';
import type { Check } from '../look.ts';

const id = 'external-metrics';
const name = 'v1beta1.external.metrics.k8s.io';

type ApiService = RawObject & {
  readonly spec?: { readonly service?: { readonly namespace?: string; readonly name?: string } | null };
  readonly status?: { readonly conditions?: readonly RawCondition[] };
};

/** Who serves external metrics to HPAs: only one can, and Spillway leaves it to whoever it is. */
export const checkExternalMetrics: Check = async ({ reader }) => {
  const read = await reader.get<ApiService>(`/apis/apiregistration.k8s.io/v1/apiservices/${name}`);
  if (read.state === 'unread') return [skipped(id, read.why)];
  const service = read.state === 'read' ? read.value.spec?.service : undefined;
  if (read.state === 'absent' || service === undefined || service === null) {
    return [ok(id, 'Nobody serves external metrics: HPAs have none to scale by, and nobody is in the way.')];
  }
  const owner = `${service.namespace ?? ''}/${service.name ?? ''}`;
  const whose = /keda/i.test(owner) ? `${owner}, which is KEDA` : owner;
  const rest = /spillway/i.test(owner) ? '' : ' Spillway leaves them alone.';
  const available = read.value.status?.conditions?.find(({ type }) => type === 'Available');
  if (available?.status === 'False') {
    return [
      warn(
        id,
        `External metrics are served by ${whose}, and it does not answer: HPAs by external metrics stand still.`,
        `kubectl describe apiservice ${name}`,
      ),
    ];
  }
  return [ok(id, `External metrics are served by ${whose}.${rest}`)];
};
