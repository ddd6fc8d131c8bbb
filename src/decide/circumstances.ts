import type { Policy } from '../policy/policy.ts';
import type { LimitName } from './decision.ts';
import { growthSentence } from './growth-words.ts';
import type { Observation, RefusedPods, VirtualPoolObservation } from './observation.ts';
import type { Reason } from './reasons.ts';
import { count, counted } from './words.ts';

/** What in the cluster stands in the way of a burst, or of growth, without being a limit of the policy. */
export function circumstances(policy: Policy, observation: Observation, spill: number): readonly Reason[] {
  const { target, vmPool, virtualPool, companions } = observation;
  const growth = growthSentence(vmPool);
  const hpas = target.hpasThatCountBurst;
  const { targetNodes, maxNodes } = vmPool.growthReason ?? {};
  const found: (Reason | false)[] = [
    hpas.length > 0 &&
      policy.burst.strategy === 'Companion' && {
        code: 'HpaCountsBurst',
        message: `${hpas.length === 1 ? 'HorizontalPodAutoscaler' : 'HorizontalPodAutoscalers'} ${hpas.join(', ')} finds pods by label and so counts burst pods too: write burst.strategy: Rescue, or scale by an external metric with averageValue.`,
        numbers: { hpas: hpas.length },
      },
    spill > 0 &&
      growth !== undefined && {
        code: 'PoolGrowth',
        message: growth,
        numbers: {
          ...(targetNodes === undefined ? {} : { targetNodes }),
          ...(maxNodes === undefined ? {} : { maxNodes }),
        },
      },
    ...companions.map(({ refused }) => refused !== undefined && refusal(refused)),
    virtualPool.burstOnUnusable > 0 && {
      code: 'BurstOnUnusableNode',
      message: `${counted(virtualPool.burstOnUnusable, 'burst pod')} on a virtual node that cannot be used (${nodeWords(virtualPool)}).`,
      numbers: { burstOnUnusable: virtualPool.burstOnUnusable },
    },
  ];
  return found.filter((one): one is Reason => one !== false);
}

/** What a limit waits for as things are now; undefined: there is no more to say than its name. */
export function obstacle(name: LimitName, { virtualPool, limits }: Observation): string | undefined {
  if (name === 'NoVirtualNode') {
    return virtualPool.nodes === 0
      ? 'a virtual node: there is none'
      : `a virtual node that can be used (${nodeWords(virtualPool)})`;
  }
  if (name === 'NamespaceQuota' && limits.namespaceQuotaName !== undefined) {
    return `the namespace's ResourceQuota ${limits.namespaceQuotaName}`;
  }
  return undefined;
}

/** `1 cordoned, 2 not Ready`. */
function nodeWords({ nodes, cordoned, notReady, ghosts }: VirtualPoolObservation): string {
  const words = [
    cordoned > 0 && `${count(cordoned)} cordoned`,
    notReady > 0 && `${count(notReady)} not Ready`,
    ghosts > 0 && `${count(ghosts)} silent for minutes though Ready`,
  ].filter((word): word is string => word !== false);
  if (words.length > 0) return words.join(', ');
  return nodes === 0 ? 'it is gone' : 'its node is gone';
}

function refusal({ pods, cause, quota = '' }: RefusedPods): Reason {
  const refused = counted(pods, 'burst pod');
  const message = {
    QuotaExceeded: `The namespace's ResourceQuota ${quota} refuses ${refused}: raise it or lower burst.maxReplicas.`,
    QuotaWantsLimits: `The namespace's ResourceQuota ${quota} refuses ${refused} because the template does not say all requests and limits that it counts.`,
    Other: `The API server refuses ${refused}: the Events of the companion's ReplicaSet say why.`,
  }[cause];
  return { code: 'PodsRefused', message, numbers: { refused: pods } };
}
