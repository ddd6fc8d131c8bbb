import { type IncomingMessage, request as askPlain, type ServerResponse } from 'node:http';
import { type Agent, request as askSecure } from 'node:https';
import { describeCall } from '../../src/cluster/call.ts';

/** What lies between the controllers and the API server misbehaves in one of these ways at a time. */
export type GateFault =
  /** Every so often each open watch is cut with a chance of one half. */
  | { readonly kind: 'CutWatches'; readonly everyMs: number }
  /** Every watch and every list is answered 410 Expired. */
  | { readonly kind: 'Expire' }
  /** This share of all calls but watches is refused: 429 with Retry-After, 500, 503 with Retry-After, in turn at random. */
  | { readonly kind: 'Refuse'; readonly share: number }
  /** Every call takes so much longer. */
  | { readonly kind: 'Delay'; readonly delayMs: number }
  /**
   * Connections are accepted and nothing is answered; open watches fall silent. `forgotten`: they stay so when the fault
   * is over, as behind a balancer that has lost its table; else they go on where they were.
   */
  | { readonly kind: 'HalfOpen'; readonly forgotten: boolean }
  /** This share of what watches tell is cut in the middle of a line: the stream ends there, or goes on after garbage. */
  | { readonly kind: 'Truncate'; readonly share: number };

/** One request as it came in, whether it was let through or not. */
export interface Passed {
  readonly atMs: number;
  /** As RBAC names it; `list` for a watch that lists first (KEP-3157). */
  readonly verb: string;
  readonly resource: string;
}

export interface GateOptions {
  readonly upstream: URL;
  /** How the API server is reached; undefined: over plain HTTP. */
  readonly agent?: Agent;
  /** From 0 to 1. */
  readonly random: () => number;
}

interface OpenWatch {
  readonly response: ServerResponse;
  /** What came while it was silent; undefined: it passes. */
  held: Buffer[] | undefined;
}

/** Passes requests on to an API server, and spoils them while a fault is set. Its `serve` is a listener of a server. */
export class FaultGate {
  /** All requests so far, oldest first. */
  readonly passed: Passed[] = [];
  readonly #options: GateOptions;
  readonly #watches = new Set<OpenWatch>();
  #fault: GateFault | undefined;
  #cutting: NodeJS.Timeout | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  readonly serve = (incoming: IncomingMessage, response: ServerResponse): void => {
    const { verb, resource } = describeCall(incoming.method ?? '', incoming.url ?? '');
    const lists = incoming.url?.includes('sendInitialEvents=true') === true;
    this.passed.push({ atMs: Date.now(), verb: lists ? 'list' : verb, resource });
    const fault = this.#fault;
    response.on('error', () => {});
    if (fault?.kind === 'HalfOpen') return;
    if (fault?.kind === 'Delay') {
      setTimeout(() => this.#forward(incoming, response, verb), fault.delayMs);
      return;
    }
    if (fault?.kind === 'Expire' && (verb === 'watch' || verb === 'list')) return refuse(response, 410);
    if (fault?.kind === 'Refuse' && verb !== 'watch' && this.#options.random() < fault.share) {
      const status = [429, 500, 503][Math.floor(this.#options.random() * 3)] ?? 503;
      return refuse(response, status);
    }
    this.#forward(incoming, response, verb);
  };

  /** Begins a fault in place of the one that is set. */
  begin(fault: GateFault): void {
    this.end();
    this.#fault = fault;
    if (fault.kind === 'HalfOpen') for (const watch of this.#watches) watch.held = [];
    if (fault.kind === 'CutWatches') this.#cutting = setInterval(() => this.#cutSome(), fault.everyMs);
  }

  /** Everything passes again. */
  end(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    clearInterval(this.#cutting);
    if (fault?.kind !== 'HalfOpen' || fault.forgotten) return;
    for (const watch of this.#watches) {
      for (const piece of watch.held ?? []) watch.response.write(piece);
      watch.held = undefined;
    }
  }

  #cutSome(): void {
    for (const { response } of this.#watches) if (this.#options.random() < 0.5) response.destroy();
  }

  #forward(incoming: IncomingMessage, response: ServerResponse, verb: string): void {
    const { upstream, agent } = this.#options;
    const ask = upstream.protocol === 'https:' ? askSecure : askPlain;
    const { host: _, connection: __, ...headers } = incoming.headers;
    const asked = ask(new URL(incoming.url ?? '/', upstream), {
      method: incoming.method,
      headers,
      ...(agent === undefined ? {} : { agent }),
    });
    // Whoever hangs up first takes the other side along.
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    asked.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, withoutConnection(answer.headers));
      response.flushHeaders();
      if (verb === 'watch') this.#relay(answer, response);
      else answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    incoming.pipe(asked);
  }

  #relay(answer: IncomingMessage, response: ServerResponse): void {
    const watch: OpenWatch = { response, held: undefined };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    answer.on('data', (piece: Buffer) => this.#tell(watch, piece));
    answer.on('end', () => {
      if (watch.held === undefined) response.end();
    });
  }

  #tell(watch: OpenWatch, piece: Buffer): void {
    if (watch.held !== undefined) {
      watch.held.push(piece);
      return;
    }
    const { random } = this.#options;
    const fault = this.#fault;
    if (fault?.kind !== 'Truncate' || random() >= fault.share) {
      watch.response.write(piece);
      return;
    }
    watch.response.write(piece.subarray(0, Math.max(1, Math.floor(piece.length * random()))));
    if (random() < 0.5) watch.response.end();
    else watch.response.write('\n');
  }
}

function withoutConnection(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...rest } = headers;
  return rest;
}

/** Answers as the API server would; 429 and 503 ask to wait for two seconds. */
function refuse(response: ServerResponse, code: number): void {
  const reason =
    { 410: 'Expired', 429: 'TooManyRequests', 500: 'InternalError' }[code] ?? 'ServiceUnavailable';
  response.writeHead(code, {
    'content-type': 'application/json',
    ...(code === 429 || code === 503 ? { 'retry-after': '2' } : {}),
  });
  response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, code }));
}
