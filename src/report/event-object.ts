import { createHash } from 'node:crypto';
import type { EventsV1Event } from '@kubernetes/client-node';
import type { Policy, Target } from '../policy/policy.ts';
import { apiVersion, policyKind } from '../policy/schema.ts';
import type { BurstEvent } from './events.ts';

/** Who reports, on every event. */
export const reportingController = 'spillway.dev/controller';

/** The API server refuses longer notes (kubernetes/pkg/apis/core/validation/events.go). */
const longestNoteBytes = 1024;

/** An events.k8s.io/v1 Event as JSON has it: `eventTime` is text, with microseconds. */
export type EventObject = Omit<EventsV1Event, 'eventTime'> & { readonly eventTime: string };

/**
 * The Kubernetes object of an event: regarding the policy, related to its target. The name follows from the decision,
 * so that an event sent twice is refused as a duplicate. `instance`: the pod of the controller.
 */
export function eventObject({
  event,
  policy,
  instance,
}: {
  readonly event: BurstEvent;
  readonly policy: Policy;
  readonly instance: string;
}): EventObject {
  const { namespace, name, uid } = policy;
  const related = relatedTo(policy.target, namespace);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: {
      namespace,
      name: eventName(name, event),
      annotations: { 'spillway.dev/decision': event.decisionId },
    },
    eventTime: new Date(event.atMs).toISOString().replace('Z', '000Z'),
    type: event.type,
    reason: event.reason,
    action: event.action,
    note: clipBytes(policy.dryRun ? `Dry run, nothing is written. ${event.note}` : event.note),
    reportingController,
    reportingInstance: instance.slice(0, 128),
    regarding: { apiVersion, kind: policyKind, namespace, name, uid },
    ...(related !== undefined && { related }),
  };
}

function relatedTo(target: Target, namespace: string): EventsV1Event['related'] {
  if (target.kind === 'Jobs') return undefined;
  return { apiVersion: 'apps/v1', kind: target.kind, namespace, name: target.name };
}

function eventName(policy: string, { decisionId, reason }: BurstEvent): string {
  const digest = createHash('sha256').update(`${decisionId} ${reason}`).digest('hex').slice(0, 16);
  return `${policy.slice(0, 200).replace(/[-.]+$/, '')}.${digest}`;
}

function clipBytes(text: string): string {
  if (Buffer.byteLength(text) <= longestNoteBytes) return text;
  const ellipsis = '…';
  let kept = '';
  let bytes = Buffer.byteLength(ellipsis);
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > longestNoteBytes) break;
    kept += character;
  }
  return kept + ellipsis;
}
