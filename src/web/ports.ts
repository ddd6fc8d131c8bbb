import type { RecordedDecision } from '../decide/decision.ts';

/** What the server asks the controller; each answers at once, from memory. */
export interface WebPorts {
  /** The loop still turns. */
  readonly alive: () => boolean;
  /** Every cache by name, and whether it is synced. */
  readonly caches: () => Readonly<Record<string, boolean>>;
  /** The text of `/metrics` and its media type. */
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  /** The last decision on a policy (`namespace/name`); undefined: none made here. */
  readonly decision: (policy: string) => RecordedDecision | undefined;
  /** Told of a request that failed for a reason of our own. */
  readonly onError: (error: unknown) => void;
}
