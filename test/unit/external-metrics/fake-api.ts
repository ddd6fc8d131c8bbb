import { EventEmitter, on } from 'node:events';
import { ApiError } from '../../../src/cluster/api-error.ts';
import { describeCall } from '../../../src/cluster/call.ts';
import type { ClusterClient, Method } from '../../../src/cluster/client.ts';

/** An object as it is kept; paths are those of the API. */
export interface Kept {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly resourceVersion: string };
  readonly [field: string]: unknown;
}

/**
 * As much of an API server as objects need that are read, watched and written by name: resourceVersions are checked, and
 * watches tell what changed.
 */
export class FakeApi implements Pick<ClusterClient, 'request' | 'stream' | 'close' | 'namespace'> {
  readonly namespace = 'spillway';
  readonly objects = new Map<string, Kept>();
  /** Verb and last part of the path of every write, in order. */
  readonly writes: string[] = [];
  readonly #changes = new EventEmitter().setMaxListeners(0);
  #version = 0;

  /** Puts an object as somebody else would. */
  put(path: string, object: object): void {
    this.#version += 1;
    const { metadata = {} } = object as { readonly metadata?: object };
    const kept = { ...object, metadata: { ...metadata, resourceVersion: String(this.#version) } };
    this.objects.set(path, kept);
    this.#changes.emit('change', path);
  }

  async request(method: Method, path: string, { body }: { readonly body?: unknown } = {}): Promise<unknown> {
    const [plain = ''] = path.split('?');
    const sent = body as { readonly metadata: { readonly name?: string; readonly resourceVersion?: string } };
    const target = method === 'POST' ? `${plain}/${sent.metadata.name ?? ''}` : plain;
    const found = this.objects.get(target);
    const refused = (status: number): never => {
      throw new ApiError(describeCall(method, path), status, '');
    };
    if (method === 'GET') return found ?? refused(404);
    this.writes.push(`${method} ${target.split('/').at(-1) ?? ''}`);
    if (method === 'POST' && found !== undefined) return refused(409);
    if (method !== 'POST' && found === undefined) return refused(404);
    const version = sent.metadata.resourceVersion;
    if (version !== undefined && version !== found?.metadata.resourceVersion) return refused(409);
    const spec = { ...(found?.['spec'] as object), ...(body as { readonly spec?: object }).spec };
    this.put(target, method === 'PATCH' ? { ...found, spec } : sent);
    return this.objects.get(target);
  }

  async stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const [collection = '', query = ''] = path.split('?');
    const name = new URLSearchParams(query).get('fieldSelector')?.replace('metadata.name=', '') ?? '';
    const target = `${collection}/${name}`;
    const { objects } = this;
    const changes = on(this.#changes, 'change', { signal });
    const lineOf = (): Uint8Array =>
      Buffer.from(`${JSON.stringify({ type: 'MODIFIED', object: objects.get(target) ?? {} })}\n`);
    return (async function* lines() {
      if (objects.has(target)) yield lineOf();
      for await (const [changed] of changes) if (changed === target) yield lineOf();
    })();
  }

  async close(): Promise<void> {
    this.#changes.removeAllListeners();
  }
}
