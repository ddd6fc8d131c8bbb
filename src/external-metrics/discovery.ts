/** The API group that HPAs ask for external metrics (k8s.io/metrics, external_metrics/v1beta1). */
export const group = 'external.metrics.k8s.io';
export const groupVersion = `${group}/v1beta1`;
/** Path under which all metrics are. */
export const root = `/apis/${groupVersion}`;

const version = { groupVersion, version: 'v1beta1' };
const apiGroup = { name: group, versions: [version], preferredVersion: version };

/**
 * What the API server asks before it asks for metrics, by path: which groups, versions and resources there are, and their
 * OpenAPI. Clients that would rather have aggregated discovery or protobuf take these too (plain 200, JSON).
 */
export const documents: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup },
  [root]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    // One name for all metrics: of a list that is empty client-go says "Got empty response", again and again.
    resources: [
      {
        name: 'externalmetrics',
        singularName: '',
        namespaced: true,
        kind: 'ExternalMetricValueList',
        verbs: ['get'],
      },
    ],
  },
  '/openapi/v3': { paths: {} },
  '/openapi/v2': { swagger: '2.0', info: { title: 'Spillway', version: 'v1beta1' }, paths: {} },
};
