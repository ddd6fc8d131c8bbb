/** What the operator of Spillway configures once for a cluster, with its defaults (see docs/configuration.md). */
export interface Config {
  /** Namespaces to look after; `all`: the whole cluster. */
  readonly namespaces: 'all' | readonly string[];
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly http: { readonly host: string; readonly port: number };
  /** The first whose nodes exist is where policies burst to. */
  readonly virtualPools: readonly VirtualPool[];
  /** No write rests on a cache that heard nothing for longer than this, seconds. */
  readonly maxCacheAgeSeconds: number;
}

/** A set of virtual nodes: how to tell them, how to get onto them, what they cost. */
export interface VirtualPool {
  readonly name: string;
  readonly kind: 'AksAddon' | 'AciHelm' | 'AksV2' | 'Generic';
  /** Labels that make a node one of this pool, and the selector of burst pods. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Added to burst pods. */
  readonly tolerations: readonly VirtualToleration[];
  /** Undefined: burst has no price, and budgets do not bite. */
  readonly price: { readonly perCpuHour: number; readonly perMemoryGbHour: number } | undefined;
}

export interface VirtualToleration {
  readonly key: string;
  readonly operator: 'Exists' | 'Equal';
  readonly value: string | undefined;
  readonly effect: 'NoSchedule' | 'NoExecute' | undefined;
}
