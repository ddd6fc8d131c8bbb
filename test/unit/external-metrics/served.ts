import { once } from 'node:events';
import { Agent, type AgentOptions, type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** What a server answered over TLS. */
export interface Answered {
  readonly status: number;
  readonly body: { readonly reason?: string; readonly items?: readonly { readonly value: string }[] };
  /** The certificate that it showed, DER. */
  readonly shown: Buffer;
  readonly closes: boolean;
}

export interface AskOptions extends RequestOptions {
  readonly port: number;
  readonly body?: string;
}

export const userHeader = { 'X-Remote-User': 'system:kube-controller-manager' };
export const root = '/apis/external.metrics.k8s.io/v1beta1';

/** Asks a server on localhost, without looking at its certificate unless `ca` is given. */
export async function ask({ body, ...options }: AskOptions): Promise<Answered> {
  const call = request({
    host: '127.0.0.1',
    servername: 'metrics.spillway.svc',
    agent: false,
    path: root,
    headers: userHeader,
    rejectUnauthorized: options.ca !== undefined,
    ...options,
  });
  call.end(body);
  const [response] = await once(call, 'response');
  const shown = (response.socket as TLSSocket).getPeerCertificate().raw;
  let text = '';
  for await (const piece of response) text += String(piece);
  return {
    status: response.statusCode,
    body: JSON.parse(text),
    shown,
    closes: response.headers.connection === 'close',
  };
}

/** An agent that keeps one connection, as the API server does. */
export function keeping(options: AgentOptions): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, ...options });
}
