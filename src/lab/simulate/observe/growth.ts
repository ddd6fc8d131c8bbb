import type { VmPoolObservation } from '../../../decide/observation.ts';
import type { ConfigMap } from '../../world/kube.ts';

type Growth = VmPoolObservation['growth'];

/** A scale-up in progress is believed in for so long (cluster-autoscaler's max-node-provision-time). */
const patienceMs = 900_000;

/**
 * Whether more VMs can come, out of the status that the world's autoscaler writes; `Unknown` without one. Reads the few
 * lines that count instead of parsing YAML: it is asked some ten thousand times a simulated day.
 */
export function growthIn(configMap: ConfigMap | undefined, nowMs: number): Growth {
  const [head = '', ...groups] = (configMap?.data?.['status'] ?? '').split('\n- name:');
  if (!head.includes('autoscalerStatus: Running') || groups.length === 0) return 'Unknown';
  let canGrow = false;
  for (const group of groups) {
    const [, scaleUp = '', sinceText = ''] = scaleUpShape.exec(group) ?? [];
    if (scaleUp === 'InProgress') {
      const sinceMs = Date.parse(sinceText);
      if (Number.isNaN(sinceMs) || nowMs - sinceMs <= patienceMs) return 'Growing';
    } else if (scaleUp !== 'Backoff') {
      canGrow ||= number(group, targetShape) < number(group, maxSizeShape);
    }
  }
  return canGrow ? 'CanGrow' : 'CannotGrow';
}

const scaleUpShape = /\n {2}scaleUp:\n {4}status: (\w+)[^]*?\n {4}lastTransitionTime: "([^"]*)"/;
const targetShape = /\n {4}cloudProviderTarget: (\d+)/;
const maxSizeShape = /\n {4}maxSize: (\d+)/;

function number(text: string, shape: RegExp): number {
  return Number(shape.exec(text)?.[1] ?? 0);
}
