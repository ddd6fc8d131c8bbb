import { defaultTimings } from '../../../cluster/lease.ts';
import type { LeaseObject } from '../../../cluster/lease-object.ts';
import { count, seconds } from '../../../decide/words.ts';
import { leasesOf } from '../account.ts';
import { fail, ok, skipped } from '../finding.ts';
import type { Check, Look } from '../look.ts';

const id = 'controller';

/** So old a renewal may look on a clock that is not the leader's. */
const toleranceSeconds = 60;

/** Whether a controller leads: its Lease is held and renewed. */
export const checkController: Check = async (look) => {
  const read = await leasesOf(look.reader, look.config);
  if (read.state === 'unread') {
    return [
      skipped(
        id,
        read.why,
        `Name the namespace with lease.namespace in --config, or ask: kubectl get lease -A`,
      ),
    ];
  }
  const { name, namespace } = look.config.lease;
  const [lease] = (read.state === 'read' ? read.value : []).toSorted(
    (a, b) => renewedAtMs(b) - renewedAtMs(a),
  );
  if (lease === undefined) {
    return [
      fail(
        id,
        `No controller has ever run: there is no Lease ${name} in ${namespace === undefined ? 'any namespace' : `namespace ${namespace}`}.`,
        'kubectl apply -f docs/examples/install.yaml',
      ),
    ];
  }
  const place = lease.metadata?.namespace ?? '';
  const inspect = `kubectl -n ${place} get pods -l app.kubernetes.io/name=spillway\nkubectl -n ${place} logs -l app.kubernetes.io/name=spillway --tail=50`;
  const holder = lease.spec?.holderIdentity ?? '';
  if (holder === '')
    return [fail(id, `Nobody holds the Lease ${place}/${name}: no controller runs.`, inspect)];
  const ageSeconds = (look.clock.now() - renewedAtMs(lease)) / 1000;
  const leader = holder.split('_')[0] ?? holder;
  if (ageSeconds < toleranceSeconds) return [ok(id, `${leader} leads, by Lease ${place}/${name}.`)];
  if (await changes(look, lease)) {
    return [
      ok(
        id,
        `${leader} leads, by Lease ${place}/${name}. Its clock and yours differ by ${seconds(ageSeconds)}.`,
      ),
    ];
  }
  return [
    fail(
      id,
      `No controller runs: the Lease ${place}/${name} was last renewed ${seconds(ageSeconds)} ago, by ${leader}, and not in the last ${count(longestPauseSeconds)} s.`,
      inspect,
    ),
  ];
};

/** A leader that lives renews within this. */
const longestPauseSeconds = Math.ceil(2 * defaultTimings.retrySeconds * defaultTimings.jitter);

/** Whether somebody renews the Lease while it is looked at: clocks of machines differ. */
async function changes({ reader, clock, config }: Look, before: LeaseObject): Promise<boolean> {
  await clock.sleep(longestPauseSeconds * 1000);
  const path = `/apis/coordination.k8s.io/v1/namespaces/${before.metadata?.namespace ?? ''}/leases/${config.lease.name}`;
  const now = await reader.again<LeaseObject>(path);
  return now.state === 'read' && now.value.spec?.renewTime !== before.spec?.renewTime;
}

function renewedAtMs({ spec }: LeaseObject): number {
  const ms = Date.parse(spec?.renewTime ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}
