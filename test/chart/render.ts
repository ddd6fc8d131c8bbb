import { objectsIn } from '../docs/pages.ts';
import { chartDir, type HelmResult, helm } from './helm.ts';
import type { RoleObject } from './rights.ts';

/** An object of the chart, as far as tests look at it. */
export interface Rendered extends RoleObject {
  readonly apiVersion: string;
  readonly metadata: RoleObject['metadata'] & { readonly labels?: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

export const releaseName = 'spillway';
export const releaseNamespace = 'spillway';
const image = { repository: 'registry.example.com/spillway' };

/** Values as a text for `--values -`. */
export function valuesText(values: object): string {
  return JSON.stringify({ image, ...values });
}

/** `helm template` as it ends. */
export function template(values: object, ...more: readonly string[]): Promise<HelmResult> {
  return helm(
    ['template', releaseName, chartDir, '--namespace', releaseNamespace, '--values', '-', ...more],
    { input: valuesText(values) },
  );
}

/** The objects of a release with these values, hooks included. */
export async function render(values: object = {}): Promise<readonly Rendered[]> {
  const { stdout, stderr, code } = await template(values);
  if (code !== 0) throw new Error(stderr);
  return objectsIn(stdout, 'helm template').map(({ value }) => value as Rendered);
}

/** Those that stand while the release is installed: hooks aside. */
export function installed(objects: readonly Rendered[]): readonly Rendered[] {
  return objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined);
}

/** The roles that the controller's own account has. */
export function ownRoles(objects: readonly Rendered[]): readonly Rendered[] {
  return installed(objects).filter(
    ({ kind, metadata }) =>
      (kind === 'Role' || kind === 'ClusterRole') && !/-burstpolicies-(view|edit)$/.test(metadata.name),
  );
}

/** The one object of a kind and, where there are several, a name. */
export function one(objects: readonly Rendered[], kind: string, name = releaseName): Rendered {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`There is no ${kind} ${name}.`);
  return found;
}

/** What a Deployment or Job makes pods from; the spec is for the test to know. */
export interface PodTemplate {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: unknown;
}

export function podTemplate({ kind, spec }: Rendered): PodTemplate {
  const template = spec?.['template'];
  if (template === undefined) throw new Error(`A ${kind} makes no pods.`);
  return template as PodTemplate;
}
