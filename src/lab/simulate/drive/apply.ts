import { drainText } from '../../../act/drain-note.ts';
import { names } from '../../../act/names.ts';
import type { Write } from '../../../act/write.ts';
import type { KubeInput, KubeObject } from '../../world/kube.ts';
import { notFound, ObjectError } from '../../world/object-error.ts';
import { evict } from '../../world/eviction.ts';
import type { ObjectStore } from '../../world/objects.ts';

/**
 * Applies one write to a world's objects, as the API server would take it. Returns whether it was taken: a write on an
 * object that has changed or gone meanwhile is not.
 */
export function applyWrite(write: Write, objects: ObjectStore): boolean {
  try {
    send(write, objects);
    return true;
  } catch (error) {
    if (error instanceof ObjectError) return false;
    throw error;
  }
}

function send(write: Write, objects: ObjectStore): void {
  const key = `${write.namespace}/${write.name}`;
  const marked = { [names.decision]: write.decisionId };
  switch (write.kind) {
    case 'ScaleTarget':
    case 'ScaleCompanion':
      patch(objects, 'deployments', key, write.resourceVersion, marked, (spec) => ({
        ...spec,
        replicas: write.to,
      }));
      return;
    case 'CreateCompanion':
      objects.create('deployments', write.manifest as unknown as KubeInput);
      return;
    case 'MendCompanion':
      patch(objects, 'deployments', key, write.resourceVersion, marked, (spec) => ({
        ...spec,
        template: write.manifest.spec?.template,
      }));
      return;
    case 'DeleteCompanion':
      objects.delete('deployments', key, {
        propagationPolicy: 'Background',
        preconditions: { uid: write.uid, resourceVersion: write.resourceVersion },
      });
      return;
    case 'SetDrain':
      patch(objects, 'pods', key, write.resourceVersion, {
        ...marked,
        [names.drain]: write.drain && drainText(write.drain.note),
        [names.deletionCost]: (write.drain?.cost ?? write.restCost)?.toString(),
      });
      return;
    case 'SetFinalizers':
      finalize(objects, key, write);
      return;
    case 'AdmitPod':
      patch(
        objects,
        'pods',
        key,
        write.resourceVersion,
        { ...marked, [names.rescued]: write.decisionId, [names.deletionCost]: String(write.cost) },
        (spec) => ({ ...spec, tolerations: write.tolerations }),
      );
      return;
    case 'DeletePod':
      objects.delete('pods', key, {
        preconditions: { uid: write.uid, resourceVersion: write.resourceVersion },
      });
      return;
    case 'EvictPod':
      evict(objects, key, { preconditions: { uid: write.uid, resourceVersion: write.resourceVersion } });
  }
}

function finalize(objects: ObjectStore, key: string, write: Write & { kind: 'SetFinalizers' }): void {
  const stored = objects.get('burstpolicies', key);
  if (stored === undefined) throw notFound('burstpolicies', key);
  const { resourceVersion, finalizers } = write;
  const decision = write.holds ? write.decisionId : undefined;
  const annotations = merged(stored.metadata.annotations, { [names.decision]: decision });
  const metadata = { ...stored.metadata, resourceVersion, finalizers, annotations };
  objects.update('burstpolicies', { ...stored, metadata });
}

/** Annotations after a change in which undefined takes one away. */
function merged(
  stored: Readonly<Record<string, string>> | undefined,
  change: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const all = Object.entries({ ...stored, ...change });
  return Object.fromEntries(all.filter((each): each is [string, string] => each[1] !== undefined));
}

function patch(
  objects: ObjectStore,
  resource: 'deployments' | 'pods',
  key: string,
  resourceVersion: string,
  annotations: Readonly<Record<string, string | undefined>>,
  change?: (spec: Readonly<Record<string, unknown>>) => unknown,
): void {
  const stored: KubeObject | undefined = objects.get(resource, key);
  if (stored === undefined) throw notFound(resource, key);
  const { metadata } = stored;
  objects.update(resource, {
    ...stored,
    metadata: { ...metadata, resourceVersion, annotations: merged(metadata.annotations, annotations) },
    ...(change === undefined ? {} : { spec: change(stored['spec'] as Readonly<Record<string, unknown>>) }),
  });
}
