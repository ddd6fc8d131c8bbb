import type { KubeObject, Labels, ObjectOf, PodTemplate } from './kube.ts';
import type { ObjectStore } from './objects.ts';
import { controlledBy } from './selectors.ts';

/** Names are cut so that the random part fits (apiserver, storage/names). */
const longestPrefix = 58;

/** Makes a pod of a template, controlled by `owner`. */
export function makePod(
  objects: ObjectStore,
  owner: KubeObject,
  template: PodTemplate,
  labels: Labels = {},
): ObjectOf<'pods'> {
  const { namespace = '', name } = owner.metadata;
  const { labels: own, annotations, finalizers } = template.metadata ?? {};
  return objects.create('pods', {
    metadata: {
      generateName: `${name.slice(0, longestPrefix - 1)}-`,
      namespace,
      labels: { ...own, ...labels },
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controlledBy(owner)],
    },
    spec: template.spec,
  });
}
