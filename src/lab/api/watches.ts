import type { ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import type { KubeObject } from '../world/kube.ts';
import type { Change, ObjectStore } from '../world/objects.ts';
import type { JsonObject } from './json.ts';
import { type Chosen, choiceOf, versionOf, wholeNumber } from './list.ts';
import type { Place } from './path.ts';
import { expired, invalid } from './refusal.ts';
import { present, type Representation } from './representation.ts';
import type { Served } from './served.ts';

/** API servers send one about so often (apiserver, storage/cacher: bookmarkFrequency). */
const bookmarkMs = 60_000;
/** How long a watch lives that does not say, at least (`--min-request-timeout`). */
const defaultSeconds = 1_800;

/** One watch to begin. */
export interface WatchRequest {
  readonly place: Place;
  readonly query: URLSearchParams;
  readonly form: Representation;
  readonly response: ServerResponse;
}

interface Watch {
  readonly chosen: Chosen;
  readonly served: Served;
  readonly form: Representation;
  readonly send: (line: string) => void;
}

export interface WatchesOptions {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** Time of the world, for ages in tables. */
  readonly nowMs: () => number;
}

/** All watches that are open: each change is written to those that it concerns, at once. */
export class Watches {
  readonly #options: WatchesOptions;
  readonly #byResource = new Map<string, Set<Watch>>();
  readonly #ends = new Set<() => void>();
  readonly #unsubscribe: () => void;
  /** Objects as text: one change is told to many, and the form that most want is made once. */
  readonly #texts = new WeakMap<JsonObject, { readonly served: Served; readonly text: string }>();

  constructor(options: WatchesOptions) {
    this.#options = options;
    this.#unsubscribe = options.objects.onChange((change) => {
      for (const watch of this.#byResource.get(change.resource) ?? []) this.#tell(watch, change);
    });
  }

  /**
   * Begins a watch: tells what is there or what happened since the version that is named, then every change, until its
   * time is over or the client leaves. Throws Refusal before anything is sent; a version that is too old is an
   * ERROR event, as in a real API server.
   */
  open({ place, query, form, response }: WatchRequest): void {
    const { clock } = this.#options;
    const chosen = choiceOf(place, query);
    const version = versionOf(query);
    const bookmarks = isTrue(query.get('allowWatchBookmarks'));
    const initial = isTrue(query.get('sendInitialEvents'));
    checkInitialEvents(place, query);
    const seconds = wholeNumber(query, 'timeoutSeconds') || defaultSeconds;
    const watch: Watch = {
      chosen,
      form,
      served: place.served,
      send: (line) => response.write(line),
    };
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    response.flushHeaders();
    if (initial || version === undefined || version === 0) {
      this.#tellAll(watch);
      if (initial && bookmarks) this.#bookmark(watch, { 'k8s.io/initial-events-end': 'true' });
    } else if (!this.#catchUp(watch, version)) {
      response.end();
      return;
    }
    const watches = this.#byResource.get(place.served.plural) ?? new Set();
    this.#byResource.set(place.served.plural, watches.add(watch));
    const callOffBookmarks = bookmarks ? this.#bookmarkRegularly(watch) : () => {};
    const callOffEnd = clock.after(seconds * 1000, () => {
      if (bookmarks) this.#bookmark(watch);
      end();
    });
    const end = (): void => {
      callOffEnd();
      callOffBookmarks();
      watches.delete(watch);
      this.#ends.delete(end);
      response.end();
    };
    this.#ends.add(end);
    response.on('close', end);
    response.on('error', end);
  }

  /** Ends all watches. */
  close(): void {
    this.#unsubscribe();
    for (const end of this.#ends) end();
  }

  #tellAll(watch: Watch): void {
    for (const object of this.#options.objects.list(watch.served.plural)) {
      if (watch.chosen(object)) this.#event(watch, 'ADDED', object);
    }
  }

  /** Tells what happened since a version; false: that is forgotten, or it is a version of another life of this lab. */
  #catchUp(watch: Watch, version: number): boolean {
    const { objects } = this.#options;
    const changes = version > objects.version ? 'expired' : objects.changesSince(version);
    if (changes === 'expired') {
      const status = expired(`too old resource version: ${version} (${objects.version})`).status();
      watch.send(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
      return false;
    }
    for (const change of changes) {
      if (change.resource === watch.served.plural) this.#tell(watch, change);
    }
    return true;
  }

  /** What a change is to somebody who sees a part of the collection: objects come into it and leave it. */
  #tell(watch: Watch, { type, object, before }: Change): void {
    const was = before !== undefined && watch.chosen(before);
    const is = type !== 'DELETED' && watch.chosen(object);
    if (is) this.#event(watch, was ? 'MODIFIED' : 'ADDED', object);
    else if (was) this.#event(watch, 'DELETED', object);
  }

  #event(watch: Watch, type: Change['type'], object: KubeObject): void {
    watch.send(`{"type":"${type}","object":${this.#text(watch, object)}}\n`);
  }

  #text({ served, form }: Watch, object: KubeObject): string {
    const nowMs = this.#options.nowMs();
    if (form.as !== 'object') return JSON.stringify(present(served, object, form, nowMs));
    const known = this.#texts.get(object);
    if (known?.served === served) return known.text;
    const text = JSON.stringify(present(served, object, form, nowMs));
    this.#texts.set(object, { served, text });
    return text;
  }

  #bookmark({ served, form, send }: Watch, annotations?: Readonly<Record<string, string>>): void {
    if (form.as === 'Table') return;
    const metadata = {
      resourceVersion: String(this.#options.objects.version),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    };
    const { kind, resource } = served;
    const object = { kind, apiVersion: resource.apiVersion, metadata };
    send(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  #bookmarkRegularly(watch: Watch): () => void {
    const { clock } = this.#options;
    let callOff = (): void => {};
    const next = (): void => {
      callOff = clock.after(bookmarkMs, () => {
        this.#bookmark(watch);
        next();
      });
    };
    next();
    return () => callOff();
  }
}

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}

/** KEP-3157: streaming lists name how new they have to be. */
function checkInitialEvents({ served }: Place, query: URLSearchParams): void {
  const match = query.get('resourceVersionMatch');
  const asked = query.get('sendInitialEvents') !== null;
  if (asked && match !== 'NotOlderThan') {
    throw invalid({ group: 'meta.k8s.io', plural: served.plural, kind: 'ListOptions' }, '', [
      {
        field: 'resourceVersionMatch',
        message: 'Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
      },
    ]);
  }
  if (!asked && match !== null) {
    throw invalid({ group: 'meta.k8s.io', plural: served.plural, kind: 'ListOptions' }, '', [
      {
        field: 'resourceVersionMatch',
        message:
          'Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
      },
    ]);
  }
}
