import type { V1Container, V1PodSpec, V1PodTemplateSpec, V1Volume } from '@kubernetes/client-node';

/** Where in a pod template something stands: `['spec', 'containers', 0, 'args']`. */
export type Place = readonly (string | number)[];

/** A part of the template that breaks a rule: where it stands, and how a sentence names it. */
export interface Hit {
  readonly at: Place;
  readonly what: string;
}

/** A container and where it stands. `sidecar`: an init container that keeps running (KEP-753). */
export interface PlacedContainer {
  readonly container: V1Container;
  readonly at: Place;
  readonly role: 'main' | 'init' | 'sidecar';
}

/** A pod template, its lists made easy to walk. Files are not yet what an API server let through: lists may be none. */
export interface TemplateView {
  readonly spec: V1PodSpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** All containers, those that start first first. */
  readonly containers: readonly PlacedContainer[];
  /** Those that run as long as the pod, sidecars left out. */
  readonly main: readonly PlacedContainer[];
  readonly volumes: readonly { readonly volume: V1Volume; readonly at: Place }[];
}

/** The template as checks look at it; undefined: it has no spec. */
export function viewOf(template: V1PodTemplateSpec): TemplateView | undefined {
  const { spec, metadata } = template;
  if (!isObject(spec)) return undefined;
  const init = items(spec.initContainers).map(
    (container, index): PlacedContainer => ({
      container,
      at: ['spec', 'initContainers', index],
      role: container.restartPolicy === 'Always' ? 'sidecar' : 'init',
    }),
  );
  const main = items(spec.containers).map(
    (container, index): PlacedContainer => ({
      container,
      at: ['spec', 'containers', index],
      role: 'main',
    }),
  );
  return {
    spec,
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
    containers: [...init, ...main],
    main,
    volumes: items(spec.volumes).map((volume, index) => ({ volume, at: ['spec', 'volumes', index] })),
  };
}

/** The objects of a list; none where it is not a list. */
export function items<T>(list: readonly T[] | null | undefined): readonly T[] {
  return Array.isArray(list) ? (list as readonly T[]).filter(isObject) : [];
}

/** One hit for each container that `breaks` a rule; `field`: where in the container to look. */
export function containersThat(
  containers: readonly PlacedContainer[],
  field: string,
  breaks: (container: V1Container) => boolean,
): readonly Hit[] {
  return containers
    .filter(({ container }) => breaks(container))
    .map(({ container, at }) => ({ at: [...at, field], what: container.name }));
}

/** One hit for each volume that `breaks` a rule. */
export function volumesThat(view: TemplateView, breaks: (volume: V1Volume) => boolean): readonly Hit[] {
  return view.volumes
    .filter(({ volume }) => breaks(volume))
    .map(({ volume, at }) => ({ at, what: volume.name }));
}

/** A single hit, where `broken`. */
export function hitIf(broken: boolean, at: Place, what = ''): readonly Hit[] {
  return broken ? [{ at, what }] : [];
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
