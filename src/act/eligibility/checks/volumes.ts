import type { V1KeyToPath, V1Volume } from '@kubernetes/client-node';
import type { Check } from '../check.ts';
import type { volumeRules } from '../rules/volumes.ts';
import { hitIf, items, volumesThat } from '../template-view.ts';

/** Types that the azure-aci provider mounts (getVolumes); `csi` only of Azure Files. */
const mountable = ['azureFile', 'emptyDir', 'gitRepo', 'secret', 'configMap', 'projected'] as const;
const azureFileDriver = 'file.csi.azure.com';

/** What the API server fills in where nobody wrote a mode. */
const defaultMode = 0o644;
const executable = 0o111;

/** Volumes of a container group (Azure: quotas of Container Instances). */
const mostVolumes = 20;

/** Of the rules in rules/volumes.ts. */
export const volumeChecks: Readonly<Record<keyof typeof volumeRules, Check>> = {
  TEMPLATE_HOST_PATH: ({ view }) => volumesThat(view, (volume) => has(volume, 'hostPath')),
  TEMPLATE_VOLUME: ({ view }) =>
    volumesThat(
      view,
      (volume) =>
        !has(volume, 'hostPath') &&
        !isAzureFileCsi(volume) &&
        typesOf(volume).length > 0 &&
        !mountable.some((type) => has(volume, type)),
    ),
  TEMPLATE_VOLUME_CLAIM: ({ view }) =>
    volumesThat(view, (volume) => has(volume, 'persistentVolumeClaim') || has(volume, 'ephemeral')),
  TEMPLATE_AZURE_FILE: ({ view }) =>
    volumesThat(view, (volume) => {
      const { shareName = '', secretName = '' } = volume.csi?.volumeAttributes ?? {};
      return isAzureFileCsi(volume) && (shareName === '' || secretName === '');
    }),
  TEMPLATE_AZURE_FILE_SECRET: ({ view }) =>
    volumesThat(view, (volume) => has(volume, 'azureFile') || isAzureFileCsi(volume)),
  TEMPLATE_SUB_PATH: ({ view }) =>
    view.containers.flatMap(({ container, at }) =>
      items(container.volumeMounts).flatMap(({ name, subPath, subPathExpr }, index) =>
        hitIf(
          (subPath ?? '') !== '' || (subPathExpr ?? '') !== '',
          [...at, 'volumeMounts', index],
          `${container.name}/${name}`,
        ),
      ),
    ),
  TEMPLATE_VOLUME_ITEMS: ({ view }) =>
    volumesThat(view, (volume) => isRenamed(volume) || isMissingInProjection(volume)),
  TEMPLATE_VOLUME_MORE: ({ view }) =>
    volumesThat(view, (volume) => !isRenamed(volume) && ownItems(volume).length > 0),
  TEMPLATE_VOLUME_EXECUTABLE: ({ view }) =>
    volumesThat(view, (volume) => modesOf(volume).some((mode) => (mode & executable) !== 0)),
  TEMPLATE_VOLUME_MODE: ({ view }) =>
    volumesThat(view, (volume) => {
      const modes = modesOf(volume);
      return modes.every((mode) => (mode & executable) === 0) && modes.some((mode) => mode !== defaultMode);
    }),
  TEMPLATE_EMPTY_DIR: ({ view }) =>
    volumesThat(
      view,
      ({ emptyDir }) => (emptyDir?.medium ?? '') !== '' || (emptyDir?.sizeLimit ?? undefined) !== undefined,
    ),
  TEMPLATE_VOLUME_NAME: ({ view }) =>
    volumesThat(view, ({ name }) => name.length < 5 || name.length > 63 || name.includes('--')),
  TEMPLATE_TOKEN_VOLUME: ({ view }) =>
    volumesThat(
      view,
      (volume) =>
        !isDefaultToken(volume) &&
        items(volume.projected?.sources).some((source) => has(source, 'serviceAccountToken')),
    ),
  TEMPLATE_VOLUMES: ({ view: { volumes } }) =>
    hitIf(volumes.length > mostVolumes, ['spec', 'volumes'], String(volumes.length)),
};

/** The volume that admission gives to every pod; the provider knows it and mounts ca.crt of it. */
function isDefaultToken({ name }: V1Volume): boolean {
  return /^kube-api-access(-|$)/.test(name);
}

function isAzureFileCsi({ csi }: V1Volume): boolean {
  return csi?.driver === azureFileDriver;
}

function typesOf(volume: V1Volume): readonly string[] {
  return Object.entries(volume)
    .filter(([field, value]) => field !== 'name' && value !== undefined && value !== null)
    .map(([field]) => field);
}

/** Of ConfigMap and Secret volumes, not of projected ones: there only the items are mounted. */
function ownItems({ configMap, secret }: V1Volume): readonly V1KeyToPath[] {
  return items(configMap?.items ?? secret?.items);
}

function projections(volume: V1Volume) {
  if (isDefaultToken(volume)) return [];
  return items(volume.projected?.sources).flatMap(({ configMap, secret }) =>
    items([configMap ?? secret ?? {}]),
  );
}

function isRenamed(volume: V1Volume): boolean {
  return [...ownItems(volume), ...projections(volume).flatMap((source) => items(source.items))].some(
    ({ key, path }) => key !== path,
  );
}

/** A projected ConfigMap or Secret without items is not mounted, nor is any other source but the token's. */
function isMissingInProjection(volume: V1Volume): boolean {
  if (isDefaultToken(volume)) return false;
  return items(volume.projected?.sources).some(
    (source) =>
      !has(source, 'serviceAccountToken') && items((source.configMap ?? source.secret)?.items).length === 0,
  );
}

function modesOf(volume: V1Volume): readonly number[] {
  if (isDefaultToken(volume)) return [];
  const { configMap, secret, projected } = volume;
  const listed = [...ownItems(volume), ...projections(volume).flatMap((source) => items(source.items))];
  return [
    configMap?.defaultMode,
    secret?.defaultMode,
    projected?.defaultMode,
    ...listed.map(({ mode }) => mode),
  ].filter((mode) => typeof mode === 'number');
}

function has<T extends object>(object: T, field: keyof T): boolean {
  return (object[field] ?? undefined) !== undefined;
}
