import type { OkSample } from '../../../decide/observation.ts';
import type { WatchRequest } from '../../../demand/source.ts';
import { type Found, ok, skipped, warn } from '../finding.ts';
import type { LookedPolicy } from '../look.ts';

const id = 'source.workers';

/** Whether it can be told which pod works: by the drain library's reports, else by the names that workers give to their jobs. */
export async function checkWorkers(
  about: LookedPolicy,
  request: WatchRequest,
  sample: OkSample,
): Promise<readonly Found[]> {
  const { look, policy } = about;
  const { name } = request.source;
  const reports = await look.queues.workers(request);
  const refused: readonly Found[] =
    reports?.problem === undefined
      ? []
      : [warn('source.drain', `Source ${name}: workers cannot be told to drain.`, reports.problem.message)];
  const pods = new Set(
    [...look.store.pods.values()]
      .filter(({ namespace }) => namespace === policy.namespace)
      .map((pod) => pod.name),
  );
  const reporting = (reports?.workers ?? []).map(({ pod }) => pod);
  const busy = Object.keys(sample.busy);
  const seen = [...new Set([...reporting, ...busy])];
  const strangers = look.unread.has('pods') ? [] : seen.filter((worker) => !pods.has(worker));
  const [stranger] = strangers;
  if (stranger !== undefined) {
    return [
      ...refused,
      warn(
        id,
        `Source ${name}: ${strangers.length} of ${seen.length} workers are not named after pods of the namespace (${stranger}), so nobody knows which pod is busy.`,
        'Give each worker the name of its pod (POD_NAME from metadata.name, and name: process.env.POD_NAME), or use the drain library (docs/drain.md).',
      ),
    ];
  }
  if (reporting.length > 0)
    return [...refused, ok(id, `Source ${name}: ${reporting.length} workers use the drain library.`)];
  if (busy.length > 0) {
    return [
      ...refused,
      ok(
        id,
        `Source ${name}: ${busy.length} busy workers are named after their pods. None uses the drain library, so that a pod is idle is a guess.`,
      ),
    ];
  }
  const quiet =
    sample.active === 0
      ? 'no job is in work and no worker uses the drain library, so names cannot be seen'
      : 'jobs are in work and nobody tells on which pods';
  const advice =
    'Name workers after their pods, or use the drain library, so that no busy pod is deleted (docs/drain.md).';
  return [
    ...refused,
    sample.active === 0
      ? skipped(id, `Source ${name}: ${quiet}.`, advice)
      : warn(id, `Source ${name}: ${quiet}.`, advice),
  ];
}
