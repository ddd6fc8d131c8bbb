import { Agent, request } from 'node:https';

/** An answer of the API server. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** How long a request may take, in milliseconds: the server may be frozen. */
const timeoutMs = 5_000;

/** Asks an HTTPS server whose certificate `ca` (PEM) vouches for. */
export type Get = (path: string) => Promise<Answer>;

export function httpsGet(url: string, ca: string, token: string): Get {
  const agent = new Agent({ ca, keepAlive: false });
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'spillway-test' };
  return (path) =>
    new Promise((resolve, reject) => {
      const call = request(new URL(path, url), { agent, headers, timeout: timeoutMs }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
        response.on('error', reject);
      });
      call.on('timeout', () =>
        call.destroy(new Error(`${url}${path} did not answer within ${timeoutMs} ms`)),
      );
      call.on('error', reject);
      call.end();
    });
}
