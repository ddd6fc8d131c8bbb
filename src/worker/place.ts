/**
 * Which Redis a connection leads to, as far as it tells: the same key in another Redis is another source. Connections
 * that do not tell (a cluster) count as one.
 * @param connection a client of ioredis or node-redis, or the options of one
 */
export function placeOf(connection: unknown): string {
  const own = record(connection);
  const options = own['options'] === undefined ? own : record(own['options']);
  const socket = record(options['socket']);
  if (Array.isArray(options['sentinels'])) return JSON.stringify([options['sentinels'], options['name']]);
  const path = options['path'] ?? socket['path'];
  const url =
    typeof options['url'] === 'string' && URL.canParse(options['url']) ? new URL(options['url']) : undefined;
  const host = url?.hostname ?? options['host'] ?? socket['host'];
  if (host === undefined && path === undefined) return '';
  const port = (url?.port ?? '') || options['port'] || socket['port'] || 6_379;
  const db = url?.pathname.slice(1) || options['db'] || options['database'] || 0;
  const server = path ?? `${host === '127.0.0.1' ? 'localhost' : String(host)}:${String(port)}`;
  return `${String(server)}/${String(db)}`;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
}
