import { X509Certificate } from 'node:crypto';
import { isStatus } from '../../cluster/api-error.ts';
import type { ClusterClient } from '../../cluster/client.ts';
import type { Fence } from '../../cluster/lease.ts';
import { type Certificate, certificateIn } from './certificate.ts';
import { selfSigned } from '../../certificate/self-signed.ts';

/** Name of the Secret in which the certificate is kept that Spillway makes for itself. */
export const keptName = 'spillway-external-metrics-tls';

const lifetimeMs = 90 * 86_400_000;
/** It begins earlier than now, for machines whose clocks are behind. */
const earlierMs = 3_600_000;
/** Authorities that stay trusted: the present one, and those of servers that have not read it yet. */
const mostAuthorities = 3;
const timeoutMs = 4_000;

export interface KeptOptions {
  readonly client: Pick<ClusterClient, 'request'>;
  readonly fence: Fence;
  /** That of Spillway. */
  readonly namespace: string;
  /** Host name that the API server asks for: `<service>.<namespace>.svc`. */
  readonly host: string;
  /** Called with the authorities, old and new, before the Secret is written; false: not now. */
  readonly announce: (authority: string) => Promise<boolean>;
  /** Waits until every API server has taken that in, before the last certificate is replaced; false: not any more. */
  readonly settle: () => Promise<boolean>;
}

/**
 * Sees to it that the Secret holds a certificate that is good for the host and for another third of its life; else makes a
 * new one. The API server is told to trust it a while before any server can show it, and goes on to trust the old one, so
 * that no handshake fails in between. Resolves to the authorities that have to be trusted now; undefined: try again.
 */
export async function keepCertificate(options: KeptOptions, nowMs: number): Promise<string | undefined> {
  const { client, fence, namespace, host, announce, settle } = options;
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  const { resourceVersion, kept } = await read(client, namespace);
  if (kept?.authority !== undefined && isGood(kept, host, nowMs)) return kept.authority;

  const made = selfSigned({
    name: 'spillway-external-metrics',
    hosts: [host],
    notBeforeMs: nowMs - earlierMs,
    notAfterMs: nowMs + lifetimeMs,
  });
  const authority = bundle(made.certificate, kept?.authority ?? '', nowMs);
  if (!(await announce(authority))) return undefined;
  if (kept !== undefined && !(await settle())) return undefined;
  if (!fence.holds()) return undefined;
  const data = { 'tls.crt': made.certificate, 'tls.key': made.key, 'ca.crt': authority };
  const body = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata: { name: keptName, namespace, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, toBase64(text)])),
  };
  try {
    if (resourceVersion === undefined) {
      await client.request('POST', `${path}?fieldManager=spillway`, { body, timeoutMs });
    } else {
      await client.request('PUT', `${path}/${keptName}?fieldManager=spillway`, { body, timeoutMs });
    }
    return authority;
  } catch (error) {
    if (isStatus(error, 409)) return undefined;
    throw error;
  }
}

/** Whether a certificate is for the host and has more than a third of its life before it. */
function isGood({ certificate }: Certificate, host: string, nowMs: number): boolean {
  const read = new X509Certificate(certificate);
  const endsMs = read.validToDate.getTime();
  const life = endsMs - read.validFromDate.getTime();
  return read.checkHost(host) !== undefined && endsMs - nowMs > life / 3;
}

/** The new authority and those before it that are still good. */
function bundle(newest: string, before: string, nowMs: number): string {
  const older = before.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  const good = older.filter((pem) => new X509Certificate(pem).validToDate.getTime() > nowMs);
  return [newest, ...good].slice(0, mostAuthorities).join('');
}

/** What the Secret holds; something that is no certificate counts as none and is replaced. */
async function read(
  client: Pick<ClusterClient, 'request'>,
  namespace: string,
): Promise<{ readonly resourceVersion: string | undefined; readonly kept: Certificate | undefined }> {
  try {
    const secret = (await client.request('GET', `/api/v1/namespaces/${namespace}/secrets/${keptName}`, {
      timeoutMs,
    })) as {
      readonly metadata?: { readonly resourceVersion?: string };
      readonly data?: Readonly<Record<string, string>>;
    };
    const texts = Object.entries(secret.data ?? {}).map(([key, value]) => [key, fromBase64(value)]);
    return { resourceVersion: secret.metadata?.resourceVersion, kept: usable(Object.fromEntries(texts)) };
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    return { resourceVersion: undefined, kept: undefined };
  }
}

function usable(texts: Readonly<Record<string, string>>): Certificate | undefined {
  try {
    const certificate = certificateIn(texts, keptName);
    // An authority that cannot be read cannot be announced.
    const { subject } = new X509Certificate(certificate.authority ?? '');
    return subject === '' ? undefined : certificate;
  } catch {
    return undefined;
  }
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
