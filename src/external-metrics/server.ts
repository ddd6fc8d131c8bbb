import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import { SpillwayError } from '../errors.ts';
import { answerTo, type Known } from './answer.ts';
import type { Certificate } from './certificate/certificate.ts';
import { type Authorities, userOf } from './front-proxy.ts';
import { type Answer, refuse } from './refusal.ts';

export interface ServerParts {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly known: Known;
  /** Told of a request that failed for a reason of our own. */
  readonly onError: (error: unknown) => void;
}

/** Headers must be there after this, and the whole request after twice of it. */
const headersMs = 5_000;
/** Longer than the 30 s between two looks of the aggregator, which keeps its connections for 90 s (client-go transport). */
const keepAliveMs = 95_000;
const closeGraceMs = 2_000;
/** A few API servers ask, over a few connections each. */
const mostConnections = 128;
const mostHeaderBytes = 16_384;

/**
 * The server that API servers ask, over TLS. Who shows no certificate of a front proxy learns that it is alive, and
 * nothing else. Certificate and authorities can change while it runs.
 */
export class MetricsServer {
  readonly #parts: ServerParts;
  readonly #server: Server;
  #certificate: Certificate | undefined;
  #authorities: Authorities | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#server = createServer(
      {
        ...this.#context(),
        requestCert: true,
        // Health is for everybody; all else asks `userOf`.
        rejectUnauthorized: false,
        handshakeTimeout: headersMs,
        headersTimeout: headersMs,
        requestTimeout: 2 * headersMs,
        connectionsCheckingInterval: 1_000,
        keepAliveTimeout: keepAliveMs,
        maxHeaderSize: mostHeaderBytes,
      },
      (request, response) => this.#answer(request, response),
    );
    this.#server.maxConnections = mostConnections;
    // A handshake that fails is the caller's: scanners and old certificates would fill the log.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /** Begins to listen; resolves to the port. Throws EXTERNAL_METRICS_LISTEN_FAILED. */
  async listen(): Promise<number> {
    const { host, port } = this.#parts;
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (error) {
      const problem = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      throw new SpillwayError('EXTERNAL_METRICS_LISTEN_FAILED', { host, port, problem }, error);
    }
    return (this.#server.address() as AddressInfo).port;
  }

  /** Shows another certificate from the next connection on. */
  show(certificate: Certificate): void {
    this.#certificate = certificate;
    this.#server.setSecureContext(this.#context());
  }

  /** Believes these proxies from now on. Connections were checked against the others and are cut: the API server makes new ones. */
  believe(authorities: Authorities): void {
    const before = this.#authorities;
    this.#authorities = authorities;
    this.#server.setSecureContext(this.#context());
    if (before !== undefined) this.#server.closeAllConnections();
  }

  /** Takes no more requests, lets those under way end for up to 2 s, then cuts them. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    const callOff = this.#parts.clock.after(closeGraceMs, () => this.#server.closeAllConnections());
    await closed;
    callOff();
  }

  #context(): ServerOptions {
    return {
      minVersion: 'TLSv1.2',
      // An empty list trusts nobody; none at all would trust every public authority.
      ca: this.#authorities === undefined ? [] : [this.#authorities.clientCa],
      // No resumption: a session would bring along what was believed when it began.
      secureOptions: constants.SSL_OP_NO_TICKET,
      ...(this.#certificate === undefined
        ? {}
        : { cert: this.#certificate.certificate, key: this.#certificate.key }),
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const answer = this.#answerTo(request);
    const body = JSON.stringify(answer.body);
    // Nobody else keeps a place here, and a body that is not read must not be taken for the next request.
    if (!(request.socket as TLSSocket).authorized || hasBody(request))
      response.setHeader('Connection', 'close');
    response.writeHead(answer.status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(body);
  }

  #answerTo(request: IncomingMessage): Answer {
    const { known, clock, onError } = this.#parts;
    const { method, url = '' } = request;
    try {
      if (url === '/healthz') return { status: 200, body: { status: 'ok' } };
      if (userOf(request, this.#authorities) === undefined) return refuse('EXTERNAL_METRICS_PROXY_UNKNOWN');
      if (method !== 'GET') return refuse('EXTERNAL_METRICS_METHOD');
      if (hasBody(request)) return refuse('EXTERNAL_METRICS_BODY');
      return answerTo(url, known, clock.now());
    } catch (error) {
      onError(error);
      return refuse('HTTP_FAILED');
    }
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
}
