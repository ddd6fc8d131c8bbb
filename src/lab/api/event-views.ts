import { fieldAt, type JsonObject, objectAt, without } from './json.ts';

/**
 * An Event as core/v1 shows it. Both groups show the same objects under different names of the fields
 * (kubernetes/pkg/apis/events/v1/conversion.go).
 */
export function asCoreEvent(event: JsonObject): JsonObject {
  if (event['regarding'] === undefined && event['note'] === undefined) {
    return { ...event, apiVersion: 'v1', kind: 'Event' };
  }
  const rest = without(
    event,
    'regarding',
    'note',
    'reportingController',
    'deprecatedSource',
    'deprecatedFirstTimestamp',
    'deprecatedLastTimestamp',
    'deprecatedCount',
  );
  return compact({
    ...rest,
    apiVersion: 'v1',
    kind: 'Event',
    involvedObject: objectAt(event, 'regarding'),
    message: event['note'],
    reportingComponent: event['reportingController'] ?? '',
    source: event['deprecatedSource'] ?? {},
    firstTimestamp: event['deprecatedFirstTimestamp'],
    lastTimestamp: event['deprecatedLastTimestamp'],
    count: event['deprecatedCount'],
  });
}

/** The same as events.k8s.io/v1 shows it. */
export function asNewEvent(event: JsonObject): JsonObject {
  const core = asCoreEvent(event);
  const rest = without(
    core,
    'involvedObject',
    'message',
    'reportingComponent',
    'source',
    'firstTimestamp',
    'lastTimestamp',
    'count',
  );
  return compact({
    ...rest,
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    regarding: objectAt(core, 'involvedObject'),
    note: core['message'],
    reportingController: fieldAt(core, 'reportingComponent'),
    deprecatedSource: core['source'],
    deprecatedFirstTimestamp: core['firstTimestamp'],
    deprecatedLastTimestamp: core['lastTimestamp'],
    deprecatedCount: core['count'],
  });
}

function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
