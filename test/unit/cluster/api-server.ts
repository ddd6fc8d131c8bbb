import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallReport, type ClusterClient, connect } from '../../../src/cluster/client.ts';

/** A request as the scripted server got it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers one request; the response may be kept to say more later. */
export type Script = (asked: Asked, response: ServerResponse) => void;

/** A small HTTP server that plays the API server by a script, and a client connected to it. */
export interface ScriptedServer {
  readonly client: ClusterClient;
  readonly asked: readonly Asked[];
  readonly calls: readonly CallReport[];
  /** Resolves when `count` requests have come. */
  requests(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const calls: CallReport[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://server');
      const one: Asked = {
        method: request.method ?? '',
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body,
      };
      asked.push(one);
      script(one, response);
      for (const wake of waiting) wake();
    });
  });
  const port = await listen(server);
  const folder = await mkdtemp(join(tmpdir(), 'spillway-client-'));
  const kubeconfigPath = join(folder, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfig(port));
  const client = connect({
    kubeconfigPath,
    userAgent: 'spillway/test (pod-1)',
    onCall: (call) => calls.push(call),
  });
  return {
    client,
    asked,
    calls,
    requests(count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const check = (): void => {
        if (asked.length < count) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
      return promise;
    },
    async close() {
      await client.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

/** Answers with JSON. */
export function json(response: ServerResponse, body: unknown, status = 200, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A Status object, as the API server answers when it refuses. */
export function refusal(code: number, reason: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'server text', reason, code };
}

/** One line of a watch. */
export function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function kubeconfig(port: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'media' } }],
    clusters: [{ name: 'test', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'test', user: { token: 'secret-token' } }],
  });
}
