import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/**
 * Whom the API server lets speak for its users, as it writes it into ConfigMap
 * kube-system/extension-apiserver-authentication (Kubernetes: configure the aggregation layer).
 */
export interface Authorities {
  /** PEM of the authorities of proxies. */
  readonly clientCa: string;
  /** Common names of proxies; empty: any that the authorities vouch for. */
  readonly allowedNames: readonly string[];
  /** Headers in which a proxy names the user, lower case; the first that is there counts. */
  readonly userHeaders: readonly string[];
}

/** Reads the data of the ConfigMap; undefined: the API server has no front proxy, or the data cannot be read. */
export function authoritiesIn(data: Readonly<Record<string, string>> | undefined): Authorities | undefined {
  const clientCa = data?.['requestheader-client-ca-file'];
  const allowedNames = namesIn(data?.['requestheader-allowed-names'] ?? '[]');
  const userHeaders = namesIn(data?.['requestheader-username-headers'] ?? '["X-Remote-User"]');
  // What cannot be read must not come to mean "any".
  if (clientCa === undefined || clientCa.trim() === '' || allowedNames === undefined) return undefined;
  return {
    clientCa,
    allowedNames,
    userHeaders: (userHeaders ?? []).map((name) => name.toLowerCase()),
  };
}

/**
 * The user for whom a front proxy asks; undefined: whoever asks has not shown a certificate of one, so that what its
 * headers say counts for nothing. The API server has authorised the user already.
 */
export function userOf(request: IncomingMessage, authorities: Authorities | undefined): string | undefined {
  const socket = request.socket as TLSSocket;
  if (authorities === undefined || !socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  const { allowedNames, userHeaders } = authorities;
  // A certificate may have several common names: then nobody knows which one was meant.
  if (typeof name !== 'string') return undefined;
  if (allowedNames.length > 0 && !allowedNames.includes(name)) return undefined;
  const users = userHeaders.map((header) => request.headers[header]);
  return users.find((user): user is string => typeof user === 'string' && user !== '');
}

function namesIn(json: string): readonly string[] | undefined {
  try {
    const names: unknown = JSON.parse(json);
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined;
  } catch {
    return undefined;
  }
}
