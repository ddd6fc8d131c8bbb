import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import { type ErrorCode, sentence } from '../errors.ts';
import type { WebPorts } from './ports.ts';

/** What every answer carries: it is data, never to be framed, sniffed, cached or run. */
const securityHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
} as const;

/** The express app over its ports: health, metrics and the last decisions, all read-only. Nothing listens yet. */
export function createApp(ports: WebPorts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request, response, next) => {
    response.set(securityHeaders);
    next();
  });
  readOnly(app, '/healthz', (_request, response) => {
    const alive = ports.alive();
    response.status(alive ? 200 : 503).json({ status: alive ? 'ok' : 'stalled' });
  });
  readOnly(app, '/readyz', (_request, response) => {
    const waiting = Object.entries(ports.caches()).flatMap(([name, synced]) => (synced ? [] : [name]));
    const ready = waiting.length === 0;
    response.status(ready ? 200 : 503).json(ready ? { status: 'ok' } : { status: 'syncing', waiting });
  });
  readOnly(app, '/metrics', async (_request, response) => {
    const text = await ports.metrics.text();
    response.set('Content-Type', ports.metrics.contentType).end(text);
  });
  readOnly(app, '/api/v1/policies/:namespace/:name/decision', ({ params }, response) => {
    const recorded = ports.decision(`${String(params.namespace)}/${String(params.name)}`);
    if (recorded === undefined) fail(response, 404, 'DECISION_NOT_FOUND');
    else response.json(recorded);
  });
  app.use((_request, response) => fail(response, 404, 'HTTP_NOT_FOUND'));
  app.use(errorsAsJson(ports));
  return app;
}

function readOnly(app: Express, path: string, handler: RequestHandler): void {
  app
    .route(path)
    .get(handler)
    .all((_request, response) => {
      response.set('Allow', 'GET, HEAD');
      fail(response, 405, 'HTTP_METHOD_NOT_ALLOWED');
    });
}

/** What the router threw (a path that does not decode) is the caller's; everything else is ours and only logged. */
function errorsAsJson({ onError }: WebPorts): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    const status = error instanceof Error && 'status' in error ? error.status : undefined;
    const ours = typeof status !== 'number' || status < 400 || status >= 500;
    if (ours) onError(error);
    if (response.headersSent) next(error);
    else if (ours) fail(response, 500, 'HTTP_FAILED');
    else fail(response, 400, 'HTTP_BAD_REQUEST');
  };
}

function fail(response: Response, status: number, code: ErrorCode): void {
  response.status(status).json({ error: { code, message: sentence(code) } });
}
