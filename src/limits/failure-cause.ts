import type { FailureCause } from '../decide/observation.ts';

/** As much of a pod's status as tells a failure, as Kubernetes JSON has it. */
export interface ToldStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string } | null };
  }[];
}

/** A pod as far as `failureOf` looks at it. */
export interface Failing {
  /** What its status told when it was read (`causeIn`); undefined: nothing bad. */
  readonly failure: FailureCause | undefined;
  readonly phase: string;
  /** When it was bound to its virtual node, milliseconds since the epoch; undefined: it is not. */
  readonly boundAtMs: number | undefined;
  /** Set: somebody deletes it already. */
  readonly endsAtMs: number | undefined;
}

export interface FailureSettings {
  /** A pod that is bound to a virtual node and not Running for longer than this has failed, seconds. */
  readonly stuckCreatingAfterSeconds: number;
}

/**
 * Why a pod on a virtual node failed; undefined: it has not, or it is being deleted already. Besides what its status
 * tells, a pod that does not come to run fails by its age alone: a provider that is stuck says nothing.
 */
export function failureOf(pod: Failing, nowMs: number, settings: FailureSettings): FailureCause | undefined {
  if (pod.endsAtMs !== undefined) return undefined;
  if (pod.failure !== undefined) return pod.failure;
  const waitedMs = nowMs - (pod.boundAtMs ?? nowMs);
  const stuck = pod.phase === 'Pending' && waitedMs > settings.stuckCreatingAfterSeconds * 1000;
  return stuck ? 'StuckCreating' : undefined;
}

/** The failure that the status of a pod tells by itself; undefined: none that a virtual node is to blame for. */
export function causeIn(status: ToldStatus): FailureCause | undefined {
  if (status.reason === 'ProviderFailed') return causeOfMessage(status.message ?? '');
  if (status.phase === 'Failed') return status.reason === 'NotFound' ? 'Vanished' : undefined;
  const waiting = status.containerStatuses?.some(({ state }) =>
    imageReasons.has(state?.waiting?.reason ?? ''),
  );
  return waiting === true ? 'Image' : undefined;
}

/** Waiting reasons of a container whose image cannot be had (kubernetes, pkg/kubelet/images/types.go; azure-aci). */
const imageReasons = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'InaccessibleImage',
]);

/** Words of the message, in the order in which they count: quota and capacity come under several codes. */
const words: readonly (readonly [RegExp, FailureCause])[] = [
  [/\bquota\b[^]*\bexceeded\b|QuotaReached|QuotaExceeded/i, 'Quota'],
  [/not available in the location|insufficient capacity|SkuNotAvailable/i, 'Capacity'],
];

/** Codes of Azure's answers, without the text around them. */
const codes: Readonly<Record<string, FailureCause>> = {
  inaccessibleimage: 'Image',
  invalidimage: 'Image',
  imagenotfound: 'Image',
  registryerrorresponse: 'Image',
  serviceassociationlinknotready: 'Network',
  subnetdelegationnotfound: 'Network',
  toomanyrequests: 'Throttled',
  servertimeout: 'Throttled',
  serviceunavailable: 'Capacity',
};

/**
 * The cause that a provider's error text tells. Azure writes them in two formats: `got HTTP response status code 400 error
 * code "X": …` and `RESPONSE 409 … ERROR CODE: X`; some come without either.
 */
export function causeOfMessage(message: string): FailureCause {
  const told = words.find(([shape]) => shape.test(message))?.[1];
  if (told !== undefined) return told;
  const code = /error code:?\s*"?(\w+)/i.exec(message)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(codes, code)) return codes[code] ?? 'Unknown';
  const inText = Object.keys(codes).find((one) => message.toLowerCase().includes(one));
  if (inText !== undefined) return codes[inText] ?? 'Unknown';
  const status = /(?:status code|RESPONSE)\s+(\d{3})/i.exec(message)?.[1];
  if (status === '429') return 'Throttled';
  return status === '400' || status === '422' ? 'Rejected' : 'Unknown';
}
