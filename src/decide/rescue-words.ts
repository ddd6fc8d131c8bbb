import type { Decision } from './decision.ts';
import type { Observation } from './observation.ts';
import type { Reason } from './reasons.ts';
import { rescuePatienceSeconds } from './rescue.ts';
import { counted, seconds } from './words.ts';

const why = {
  RescueAfterScaleUp: 'the VM pool grows already',
  RescueAfterWait: `no scale-up has shown for ${seconds(rescuePatienceSeconds)}`,
  RescueAtOnce: 'the VM pool does not grow',
} as const;

/** What becomes of stuck pods, in words; none where the policy bursts by companions. */
export function rescueReasons(
  { rescue, burst }: Pick<Decision, 'rescue' | 'burst'>,
  { rescued }: Observation,
): readonly Reason[] {
  if (rescue === undefined || rescued === undefined) return [];
  const { admit, waiting, because } = rescue;
  const numbers = { admit, waiting, asked: burst.asked };
  const [first] = rescued.unrescuable;
  const pods = rescued.unrescuable.reduce((sum, each) => sum + each.pods, 0);
  const patience = seconds(rescuePatienceSeconds);
  const found: (Reason | false)[] = [
    admit > 0 && {
      code: because,
      message: `${counted(admit, 'stuck pod')} let onto the virtual node: ${why[because]}.`,
      numbers,
    },
    waiting > 0 && {
      code: 'RescueWaits',
      message: `${counted(waiting, 'stuck pod')} waiting for up to ${patience} so that the autoscaler sees them and adds VMs.`,
      numbers,
    },
    first !== undefined && {
      code: 'NotRescuable',
      message: `${counted(pods, 'pod')} cannot be rescued. ${first.message}`,
      numbers: { pods },
    },
  ];
  return found.filter((one): one is Reason => one !== false);
}
