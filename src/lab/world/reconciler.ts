import { ObjectError } from './object-error.ts';
import type { Stage } from './types.ts';

/** A controller's work queue: each key at most once at a time. */
export interface Reconciler {
  /** Reconciles the key after `delayMs` (the latency of the controller by default), or earlier if it was asked for earlier. */
  add(key: string, delayMs?: number): void;
}

/** A refused write is tried again after so long. */
const retryMs = 1000;

/** Calls `reconcile` for each key `latencyMs` after something happened to it. Keys are reconciled in the order of their time. */
export function createReconciler(
  stage: Stage,
  latencyMs: number,
  reconcile: (key: string) => void,
): Reconciler {
  const due = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  const add = (key: string, delayMs = latencyMs): void => {
    const atMs = stage.now() + delayMs;
    const planned = due.get(key);
    if (planned !== undefined && planned.atMs <= atMs) return;
    planned?.cancel();
    const cancel = stage.schedule(atMs, () => {
      due.delete(key);
      try {
        reconcile(key);
      } catch (error) {
        if (!(error instanceof ObjectError)) throw error;
        add(key, retryMs);
      }
    });
    due.set(key, { atMs, cancel });
  };
  return { add };
}
