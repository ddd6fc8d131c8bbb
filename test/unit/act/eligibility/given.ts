import type { V1Container, V1PodSpec, V1PodTemplateSpec } from '@kubernetes/client-node';
import type { VirtualPool } from '../../../../src/config.ts';

/** A pool of the AKS add-on; `more` says what differs. */
export function pool(more: Partial<VirtualPool> = {}): VirtualPool {
  return {
    name: 'aci',
    kind: 'AksAddon',
    nodeSelector: { type: 'virtual-kubelet' },
    tolerations: [
      { key: 'virtual-kubelet.io/provider', operator: 'Exists', value: undefined, effect: 'NoSchedule' },
    ],
    price: undefined,
    ...more,
  };
}

/** A container with nothing to find fault with. */
export function container(more: Partial<V1Container> = {}): V1Container {
  return {
    name: 'worker',
    image: 'worker:1',
    resources: { requests: { cpu: '1', memory: '1G' }, limits: { cpu: '1', memory: '1G' } },
    ...more,
  };
}

/** A template with nothing to find fault with, on any pool. */
export function template(
  spec: Partial<V1PodSpec> = {},
  metadata: NonNullable<V1PodTemplateSpec['metadata']> = { labels: { app: 'worker' } },
): V1PodTemplateSpec {
  return { metadata, spec: { containers: [container()], automountServiceAccountToken: false, ...spec } };
}

/** A template with one container that differs. */
export function templateWith(more: Partial<V1Container>): V1PodTemplateSpec {
  return template({ containers: [container(more)] });
}
