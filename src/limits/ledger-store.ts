import { isStatus } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { ledgerText, parseLedger } from './ledger-text.ts';

/** Name of the ConfigMap that holds the ledger. */
export const ledgerName = 'spillway-ledger';

const ledgerKey = 'ledger.json';
/** Under this key a ledger is kept that could not be read. */
const asideKey = 'unreadable-ledger.txt';

/** The API server takes no ConfigMap above 1 MiB (core/v1 validation, MaxSecretSize); some of that is not ours to use. */
const longestBytes = 900_000;
const longestAsideBytes = 200_000;

const dayMs = 86_400_000;
const timeoutMs = 4_000;

/** Reads and writes the ledger; see `LedgerStore`. */
export interface LedgerPort {
  load(nowMs: number): Promise<Loaded>;
  save(ledger: Ledger): Promise<SaveOutcome>;
}

export interface Loaded {
  readonly ledger: Ledger;
  /** What stood there is damaged or of another version: it is kept aside, and what was spent counts as not known for a day. */
  readonly unreadable: boolean;
}

/** `changed`: somebody else wrote or deleted it meanwhile, so it has to be loaded anew; `fenced`: nothing was sent. */
export type SaveOutcome = 'saved' | 'changed' | 'fenced';

export interface LedgerStoreOptions {
  readonly client: Pick<ClusterClient, 'request'>;
  readonly fence: Fence;
  /** That of Spillway. */
  readonly namespace: string;
}

interface ConfigMapObject {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * The ledger in the cluster: one ConfigMap, written by the leader alone. Every write names the version that it rests on, so
 * that none of an earlier leader's overwrites what a later one has written (promise 5).
 */
export class LedgerStore implements LedgerPort {
  readonly #options: LedgerStoreOptions;
  readonly #path: string;
  /** Of the object as last seen; undefined: there is none. */
  #resourceVersion: string | undefined;
  #aside: string | undefined;

  constructor(options: LedgerStoreOptions) {
    this.#options = options;
    this.#path = `/api/v1/namespaces/${options.namespace}/configmaps`;
  }

  /** What stands in the cluster; without any, a ledger of nothing. Throws when the API server gave no good answer. */
  async load(nowMs: number): Promise<Loaded> {
    let object: ConfigMapObject = {};
    try {
      object = (await this.#options.client.request('GET', `${this.#path}/${ledgerName}`, {
        timeoutMs,
      })) as ConfigMapObject;
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
    this.#resourceVersion = object.metadata?.resourceVersion;
    this.#aside = object.data?.[asideKey];
    const text = object.data?.[ledgerKey];
    if (text === undefined) return { ledger: emptyLedger, unreadable: false };
    const ledger = parseLedger(text);
    if (ledger !== undefined) return { ledger, unreadable: false };
    // The first one is kept: what comes after it began without knowing what was spent anyway.
    this.#aside ??= text.slice(0, longestAsideBytes);
    return { ledger: { ...emptyLedger, spendUnknownUntilMs: nowMs + dayMs }, unreadable: true };
  }

  /** Writes the ledger over the one that was loaded or written last. Throws when no answer came. */
  async save(ledger: Ledger): Promise<SaveOutcome> {
    const { client, fence, namespace } = this.#options;
    const asideBytes = Buffer.byteLength(this.#aside ?? '');
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: ledgerName,
        namespace,
        ...(this.#resourceVersion === undefined ? {} : { resourceVersion: this.#resourceVersion }),
      },
      data: {
        [ledgerKey]: ledgerText(ledger, longestBytes - asideBytes),
        ...(this.#aside === undefined ? {} : { [asideKey]: this.#aside }),
      },
    };
    if (!fence.holds()) return 'fenced';
    try {
      const written = (
        this.#resourceVersion === undefined
          ? await client.request('POST', `${this.#path}?fieldManager=spillway`, { body, timeoutMs })
          : await client.request('PUT', `${this.#path}/${ledgerName}?fieldManager=spillway`, {
              body,
              timeoutMs,
            })
      ) as ConfigMapObject;
      this.#resourceVersion = written.metadata?.resourceVersion;
      return 'saved';
    } catch (error) {
      if (isStatus(error, 409) || isStatus(error, 404)) return 'changed';
      throw error;
    }
  }
}
