import { ageText } from './age.ts';
import type { Column } from './columns.ts';
import { asCoreEvent } from './event-views.ts';
import { type JsonObject, textAt } from './json.ts';

/** Columns of Events; they have no name column, the first one stands for it. */
export const eventColumns: readonly Column[] = [
  { name: 'Last Seen', type: 'string', cell: (event, nowMs) => lastSeen(asCoreEvent(event), nowMs) },
  { name: 'Type', type: 'string', cell: (event) => textAt(event, 'type') ?? '' },
  { name: 'Reason', type: 'string', cell: (event) => textAt(event, 'reason') ?? '' },
  { name: 'Object', type: 'string', cell: (event) => objectName(asCoreEvent(event)) },
  { name: 'Message', type: 'string', cell: (event) => (textAt(asCoreEvent(event), 'message') ?? '').trim() },
];

function lastSeen(event: JsonObject, nowMs: number): string {
  const time =
    textAt(event, 'series', 'lastObservedTime') ??
    textAt(event, 'lastTimestamp') ??
    textAt(event, 'eventTime') ??
    textAt(event, 'metadata', 'creationTimestamp');
  return time === undefined ? '<unknown>' : ageText(Date.parse(time), nowMs);
}

function objectName(event: JsonObject): string {
  const kind = (textAt(event, 'involvedObject', 'kind') ?? '').toLowerCase();
  return `${kind}/${textAt(event, 'involvedObject', 'name') ?? ''}`;
}
