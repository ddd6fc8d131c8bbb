/**
 * Secrets as sources need them: read by name, and told when one changes. Implemented over the Kubernetes API in
 * cluster/secrets.ts; values are decoded text, not base64.
 */
export interface SecretReader {
  /**
   * The Secret as it is now, text by key. Rejects with a `SpillwayError`: `SECRET_NOT_FOUND` where there is none (its
   * Redis is let go at once), `SECRET_UNREADABLE` for everything that may pass (a link that works is kept).
   */
  read(namespace: string, name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /**
   * Calls `changed` whenever the Secret is created, replaced or deleted, and whenever that may have been missed; calls
   * that changed nothing are harmless. The returned function ends it.
   */
  watch(namespace: string, name: string, changed: () => void): () => void;
}
