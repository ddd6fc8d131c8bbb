import { FakeApi } from './fake-api.ts';

export const service = { namespace: 'spillway', name: 'metrics' };
export const host = 'metrics.spillway.svc';
export const apiService = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io';
export const secret = '/api/v1/namespaces/spillway/secrets/spillway-external-metrics-tls';
export const holds = { holds: () => true };
export const dayMs = 86_400_000;

/** A cluster whose APIService leads to our Service. */
export function cluster(spec: object = { service }): FakeApi {
  const api = new FakeApi();
  api.put(apiService, { metadata: { name: 'v1beta1.external.metrics.k8s.io' }, spec });
  return api;
}

/** The authorities that the APIService trusts, PEM. */
export function bundleOf(api: FakeApi): string {
  const { caBundle = '' } = (api.objects.get(apiService)?.['spec'] ?? {}) as { readonly caBundle?: string };
  return Buffer.from(caBundle, 'base64').toString();
}

/** What the Secret holds, by key. */
export function keptIn(api: FakeApi): Readonly<Record<string, string>> {
  const { data = {} } = (api.objects.get(secret) ?? {}) as {
    readonly data?: Readonly<Record<string, string>>;
  };
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}
