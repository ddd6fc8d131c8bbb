import { names } from '../../act/names.ts';
import type { DoctorDeployment } from './raw.ts';
import type { Reader } from './reader.ts';

const label = encodeURIComponent('app.kubernetes.io/name=spillway');

/** The Deployments that are labelled as Spillway's controller, anywhere; none where they may not be listed. */
export async function controllers(reader: Reader): Promise<readonly DoctorDeployment[]> {
  const read = await reader.list<DoctorDeployment>('/apis/apps/v1/deployments', `labelSelector=${label}`);
  return (read.state === 'read' ? read.value : []).filter(
    ({ metadata }) => metadata?.labels?.[names.companion] === undefined,
  );
}
