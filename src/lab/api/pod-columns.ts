import type { Column } from './columns.ts';
import { fieldAt, isObject, type JsonObject, listAt, numberAt, textAt } from './json.ts';

/** Columns of pods, without name and age. */
export const podColumns: readonly Column[] = [
  { name: 'Ready', type: 'string', cell: readyText },
  { name: 'Status', type: 'string', cell: podStatusText },
  { name: 'Restarts', type: 'string', cell: (pod) => String(restarts(pod)) },
  { name: 'IP', type: 'string', priority: 1, cell: (pod) => textAt(pod, 'status', 'podIP') ?? '<none>' },
  { name: 'Node', type: 'string', priority: 1, cell: (pod) => textAt(pod, 'spec', 'nodeName') ?? '<none>' },
  {
    name: 'Nominated Node',
    type: 'string',
    priority: 1,
    cell: (pod) => textAt(pod, 'status', 'nominatedNodeName') ?? '<none>',
  },
  { name: 'Readiness Gates', type: 'string', priority: 1, cell: () => '<none>' },
];

/** The word that kubectl shows for the state of a pod (printers/internalversion, printPod). */
function podStatusText(pod: JsonObject): string {
  const reason = textAt(pod, 'status', 'reason');
  if (fieldAt(pod, 'metadata', 'deletionTimestamp') !== undefined) {
    return reason === 'NodeLost' ? 'Unknown' : 'Terminating';
  }
  const told = listAt(pod, 'status', 'containerStatuses').flatMap((status) => {
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    if (waiting !== undefined && waiting !== '') return [waiting];
    const ended = fieldAt(status, 'state', 'terminated');
    if (!isObject(ended)) return [];
    return [textAt(ended, 'reason') ?? `ExitCode:${numberAt(ended, 'exitCode') ?? 0}`];
  });
  return told[0] ?? reason ?? textAt(pod, 'status', 'phase') ?? 'Pending';
}

function readyText(pod: JsonObject): string {
  const ready = listAt(pod, 'status', 'containerStatuses').filter((each) => fieldAt(each, 'ready') === true);
  return `${ready.length}/${listAt(pod, 'spec', 'containers').length}`;
}

function restarts(pod: JsonObject): number {
  return listAt(pod, 'status', 'containerStatuses').reduce<number>(
    (sum, each) => sum + (numberAt(each, 'restartCount') ?? 0),
    0,
  );
}
