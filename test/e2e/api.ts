import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { OwnCluster } from '../cluster/cluster.ts';

/** What the API server said, refusals too: tests look at its very words. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The API server as the administrator asks it. */
export interface Api {
  call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Answer>;
  /** GET of something that must be there; undefined where there is none of this name. */
  get<T>(path: string): Promise<T | undefined>;
  /** A merge patch that must succeed. */
  patch(path: string, body: object): Promise<void>;
  close(): Promise<void>;
}

export function connectApi(cluster: Pick<OwnCluster, 'url' | 'caPath' | 'adminToken'>): Api {
  const dispatcher = new Agent({ connect: { ca: readFileSync(cluster.caPath) } });
  const call: Api['call'] = async (method, path, body) => {
    const response = await request(`${cluster.url}${path}`, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${cluster.adminToken}`,
        'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
        'user-agent': 'e2e',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.statusCode, body: await response.body.json() };
  };
  const expectSuccess = ({ status, body }: Answer, what: string): void => {
    if (status >= 300) throw new Error(`${what}: ${status} ${JSON.stringify(body)}`);
  };
  return {
    call,
    async get<T>(path: string) {
      const answer = await call('GET', path);
      if (answer.status === 404) return undefined;
      expectSuccess(answer, path);
      return answer.body as T;
    },
    async patch(path, body) {
      expectSuccess(await call('PATCH', path, body), path);
    },
    close: () => dispatcher.close(),
  };
}

/** The sentence of a Status object. */
export function messageOf({ body }: Answer): string {
  return (body as { readonly message?: string }).message ?? '';
}
