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
  const url = textOf(options['url']);
  const named = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  const host = named?.hostname ?? textOf(options['host']) ?? textOf(socket['host']);
  const port = (named?.port || (textOf(options['port']) ?? textOf(socket['port']))) ?? '6379';
  const db = (named?.pathname.slice(1) || (textOf(options['db']) ?? textOf(options['database']))) ?? '0';
  const path = textOf(options['path']) ?? textOf(socket['path']);
  if (path !== undefined) return `${path}/${db}`;
  return host === undefined ? '' : `${host === '127.0.0.1' ? 'localhost' : host}:${port}/${db}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
}
