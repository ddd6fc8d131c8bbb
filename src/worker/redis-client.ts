import { createHash } from 'node:crypto';

/** A client of ioredis, or what BullMQ makes of any client that it supports. */
export interface DefiningClient {
  defineCommand(name: string, definition: { readonly numberOfKeys: number; readonly lua: string }): unknown;
}

/** A client of node-redis (the package `redis`). */
export interface EvaluatingClient {
  eval(script: string, options: EvalOptions): Promise<unknown>;
  evalSha(sha: string, options: EvalOptions): Promise<unknown>;
}

interface EvalOptions {
  keys: string[];
  arguments: string[];
}

/** The clients that the library speaks through. */
export type RedisClient = DefiningClient | EvaluatingClient;

/** Runs one script in Redis. */
export type Call = (keys: readonly string[], args: readonly string[]) => Promise<unknown>;

/**
 * A function that runs `lua` over this client, sent whole only where Redis does not know it yet.
 * @throws TypeError where the client is of no kind that the library knows
 */
export function scriptOver(client: RedisClient, lua: string, keys: number): Call {
  if (typeof client !== 'object' || client === null) throw unknownClient();
  refuseKeyPrefix(client);
  if ('defineCommand' in client && typeof client.defineCommand === 'function')
    return definedOver(client, lua, keys);
  if ('evalSha' in client && typeof client.evalSha === 'function') return evaluatedOver(client, lua);
  throw unknownClient();
}

function unknownClient(): TypeError {
  return new TypeError('client must be one of ioredis or of node-redis (the package "redis").');
}

/** Clients put a prefix before every key, Spillway does not know it: the two would never meet. */
function refuseKeyPrefix(client: object): void {
  const options: unknown = Reflect.get(client, 'options');
  if (typeof options !== 'object' || options === null || !Reflect.get(options, 'keyPrefix')) return;
  throw new TypeError('client must have no keyPrefix: give the whole key, and a client without a prefix.');
}

function definedOver(client: DefiningClient, lua: string, keys: number): Call {
  const name = `spillway${createHash('sha1').update(lua).digest('hex').slice(0, 8)}`;
  client.defineCommand(name, { numberOfKeys: keys, lua });
  const byName = client as unknown as Readonly<Record<string, (args: readonly string[]) => Promise<unknown>>>;
  // BullMQ's own face of a client runs defined commands by this method, whatever client is behind it.
  const { runCommand } = client as { runCommand?: (name: string, args: string[]) => Promise<unknown> };
  return async (keys, args) =>
    runCommand === undefined
      ? byName[name]?.([...keys, ...args])
      : runCommand.call(client, name, [...keys, ...args]);
}

function evaluatedOver(client: EvaluatingClient, lua: string): Call {
  const sha = createHash('sha1').update(lua).digest('hex');
  return async (keys, args) => {
    const options = { keys: [...keys], arguments: [...args] };
    try {
      return await client.evalSha(sha, options);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return client.eval(lua, options);
    }
  };
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** Whether what went wrong shows that Redis is there: it has answered with an error, or something that makes no sense. */
export function isAnswered(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && /^[A-Z]{2,} /.test(error.message));
}

/** What went wrong, in words that hold nothing of the server's answer but its kind. */
export function troubleOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return message.startsWith('NOPERM')
    ? 'its user may not run the drain script: give it the rights of docs/drain.md'
    : 'it does not answer';
}
