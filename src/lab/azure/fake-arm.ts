import { selfSigned } from '../../certificate/self-signed.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, refusal } from './answers.ts';
import type { ArmState } from './arm-state.ts';
import { armRoutes, type FakeApi, notFound, type Request } from './routes.ts';
import { Tokens } from './tokens.ts';

/** Something that goes wrong: an answer of its own, none at all, or one that is late. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** As it is sent, JSON or not. */
  readonly text?: string;
  /** The connection is cut instead of an answer. */
  readonly cut?: boolean;
  readonly delayMs?: number;
}

export interface FakeArmOptions {
  readonly state: ArmState;
  readonly subscriptionId: string;
  readonly region: string;
  readonly resourceGroup: string;
  readonly tenantId: string;
  /** Brings the state to the present, before each answer. */
  readonly catchUp?: () => void;
  /** Groups on one page of a list: 50 by default. */
  readonly pageSize?: number;
}

/** A request that arrived. */
export interface FakeCall {
  readonly api: FakeApi;
  /** `performance.now()`. */
  readonly atMs: number;
}

/** Azure Resource Manager and Microsoft Entra on one port of this machine, over HTTPS. */
export interface FakeArm {
  /** Endpoint, authority and audience in one. */
  readonly url: string;
  /** The certificate to trust, PEM. */
  readonly ca: string;
  readonly tokens: Tokens;
  readonly calls: readonly FakeCall[];
  /** What goes wrong from now on, asked before each answer; undefined: nothing. */
  fault: ((api: FakeApi) => Fault | undefined) | undefined;
  /** Whether the region has room for a further group, whatever the quota says. */
  hasCapacity: boolean;
  close(): Promise<void>;
}

const dayMs = 86_400_000;

/** Starts a fake ARM on a free port. */
export async function startFakeArm(options: FakeArmOptions): Promise<FakeArm> {
  const { tenantId } = options;
  const { key, certificate } = selfSigned({
    name: 'fake-arm',
    hosts: ['localhost', '127.0.0.1'],
    notBeforeMs: Date.now() - dayMs,
    notAfterMs: Date.now() + dayMs,
  });
  const tokens = new Tokens(() => Date.now());
  const calls: FakeCall[] = [];
  const routes = armRoutes({ ...options, hasCapacity: () => fake.hasCapacity });

  function answer(request: Request, authorization: string | undefined): [FakeApi, Answer] {
    const { method, url, body } = request;
    if (url.pathname === `/${tenantId}/v2.0/.well-known/openid-configuration`) {
      return ['openid', { status: 200, body: openIdConfiguration(fake.url, tenantId) }];
    }
    if (url.pathname === `/${tenantId}/oauth2/v2.0/token`) {
      const token = tokens.answer(new URLSearchParams(body));
      return ['token', token === undefined ? invalidClient : { status: 200, body: token }];
    }
    const route = routes.find(([, verb, path]) => verb === method && path.test(url.pathname));
    const api = route?.[0] ?? 'groups';
    if (!tokens.holds(authorization, fake.url)) return [api, unauthorized];
    if (route === undefined) return [api, notFound(url.pathname)];
    return [api, route[3](request, route[2].exec(url.pathname)?.[1] ?? '')];
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    options.catchUp?.();
    const { method = 'GET', headers } = incoming;
    const url = new URL(incoming.url ?? '/', fake.url);
    const [api, wellMeant] = answer({ method, url, body }, headers.authorization);
    calls.push({ api, atMs: performance.now() });
    const fault = fake.fault?.(api);
    if (fault?.delayMs !== undefined) await delay(fault.delayMs, undefined, { ref: false });
    if (fault?.cut === true) {
      incoming.socket.destroy();
      return;
    }
    const { status, headers: more, body: told } = wellMeant;
    const faulty = fault?.status !== undefined || fault?.text !== undefined;
    response.writeHead(fault?.status ?? status, {
      'content-type': 'application/json',
      ...(faulty ? fault.headers : more),
    });
    response.end(faulty ? (fault.text ?? '') : told === undefined ? undefined : JSON.stringify(told));
  }

  const server = createServer({ key, cert: certificate }, (incoming, response) => {
    serve(incoming, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const fake: FakeArm = {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    ca: certificate,
    tokens,
    calls,
    fault: undefined,
    hasCapacity: true,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
  return fake;
}

const unauthorized: Answer = {
  ...refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid or for another audience.'),
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
};

const invalidClient: Answer = {
  status: 401,
  body: {
    error: 'invalid_client',
    error_description: 'Nobody vouches for this client.',
    error_codes: [7000215],
  },
};

function openIdConfiguration(url: string, tenantId: string): unknown {
  return {
    issuer: `${url}/${tenantId}/v2.0`,
    authorization_endpoint: `${url}/${tenantId}/oauth2/v2.0/authorize`,
    token_endpoint: `${url}/${tenantId}/oauth2/v2.0/token`,
    jwks_uri: `${url}/${tenantId}/discovery/v2.0/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
