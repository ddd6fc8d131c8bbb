import { isStatus } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import { SpillwayError } from '../errors.ts';

/** Where the APIService has to lead to be ours. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** As much of an APIService of apiregistration.k8s.io/v1 as is looked at. */
interface ApiService {
  readonly metadata?: {
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: {
    readonly service?: { readonly namespace?: string; readonly name?: string } | null;
    readonly caBundle?: string | null;
    readonly insecureSkipTLSVerify?: boolean;
  };
}

const path = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io';
const timeoutMs = 4_000;

/** With one of these, cert-manager's cainjector writes the caBundle (cert-manager: CA injector). */
const injected = /^cert-manager\.io\/inject-(apiserver-)?ca-from/;

export interface ApiServiceOptions {
  readonly client: Pick<ClusterClient, 'request'>;
  readonly fence: Fence;
  readonly service: ServiceName;
}

/**
 * Makes the API server trust the authority (PEM) for our Service; resolves to whether it does now. The APIService itself
 * is made by whoever installs Spillway, and one that leads to another Service is never touched: its owner would lose his
 * metrics. Throws EXTERNAL_METRICS_TAKEN, EXTERNAL_METRICS_NOT_REGISTERED, or what the API server answered.
 */
export async function trust(authority: string, options: ApiServiceOptions): Promise<boolean> {
  const { client, fence } = options;
  const { metadata, spec } = await ours(options);
  if (Object.keys(metadata?.annotations ?? {}).some((key) => injected.test(key))) return true;
  const caBundle = Buffer.from(authority).toString('base64');
  if (spec?.caBundle === caBundle && spec.insecureSkipTLSVerify !== true) return true;
  if (!fence.holds()) return false;
  const resourceVersion = metadata?.resourceVersion;
  try {
    await client.request('PATCH', `${path}?fieldManager=spillway`, {
      body: { metadata: { resourceVersion }, spec: { caBundle, insecureSkipTLSVerify: false } },
      contentType: 'application/merge-patch+json',
      timeoutMs,
    });
    return true;
  } catch (error) {
    // Somebody wrote it meanwhile: what it says now is looked at before anything is written.
    if (isStatus(error, 409)) return false;
    throw error;
  }
}

/** The APIService, if it leads to our Service. */
async function ours({ client, service }: ApiServiceOptions): Promise<ApiService> {
  let found: ApiService;
  try {
    found = (await client.request('GET', path, { timeoutMs })) as ApiService;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    throw new SpillwayError('EXTERNAL_METRICS_NOT_REGISTERED', {}, error);
  }
  const { namespace = '', name = '' } = found.spec?.service ?? {};
  if (namespace === service.namespace && name === service.name) return found;
  throw new SpillwayError('EXTERNAL_METRICS_TAKEN', {
    owner: `${namespace}/${name}`,
    service: `${service.namespace}/${service.name}`,
  });
}
