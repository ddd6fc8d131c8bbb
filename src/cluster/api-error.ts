import { SpillwayError } from '../errors.ts';

/** Longest wait that a server is granted by Retry-After, seconds: something between us and it may ask for hours. */
const longestWaitSeconds = 60;

/**
 * An answer of the API server that is not a success. The message holds only what we asked and the status:
 * text that the server wrote may quote objects and stays out of messages, status and logs.
 */
export class ApiError extends Error {
  /** HTTP status of the answer, or `code` of the Status object in a watch. */
  readonly status: number;
  /** Machine-readable reason of the Status object (`AlreadyExists`, `Conflict`, …); empty: none given. */
  readonly reason: string;
  /** What the server asks to wait before the next try (429 and 5xx), at most 60 seconds; undefined: it did not say. */
  readonly retryAfterSeconds: number | undefined;
  readonly verb: string;
  readonly resource: string;

  constructor(
    call: { readonly verb: string; readonly resource: string },
    status: number,
    reason: string,
    retryAfterSeconds?: number,
  ) {
    super(
      `${call.verb} ${call.resource}: the API server answered ${status}${reason === '' ? '' : ` ${reason}`}`,
    );
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterSeconds =
      retryAfterSeconds === undefined ? undefined : Math.min(longestWaitSeconds, retryAfterSeconds);
    this.verb = call.verb;
    this.resource = call.resource;
  }
}

/** Whether `error` is an answer with this HTTP status (404: not there, 409: conflict, 410: too old, …). */
export function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

/** The same trouble as a row of the table in errors.ts, for where a user meets it. */
export function explained(error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  if (!(error instanceof ApiError)) return new SpillwayError('CLUSTER_UNREACHABLE', {}, error);
  const details = { verb: error.verb, resource: error.resource, status: error.status };
  if (error.status === 401) return new SpillwayError('CLUSTER_UNAUTHORIZED', details, error);
  if (error.status === 403) return new SpillwayError('CLUSTER_FORBIDDEN', details, error);
  return new SpillwayError('CLUSTER_REFUSED', details, error);
}

/** The reason of a refusal because the namespace is being deleted: the Status says Forbidden and names this as the cause. */
export const namespaceTerminating = 'NamespaceTerminating';

/**
 * Reads `reason` and `details.retryAfterSeconds` of a Status object; anything else gives nothing. That a namespace is being
 * deleted is only told by a cause in the details (kubernetes/kubernetes, NamespaceLifecycle admission), and taken for the reason.
 */
export function readStatus(body: unknown): {
  readonly reason: string;
  readonly retryAfterSeconds: number | undefined;
} {
  const status = (typeof body === 'object' && body !== null ? body : {}) as {
    readonly reason?: unknown;
    readonly details?: {
      readonly retryAfterSeconds?: unknown;
      readonly causes?: readonly { readonly reason?: unknown }[] | null;
    } | null;
  };
  const seconds = status.details?.retryAfterSeconds;
  const { causes } = status.details ?? {};
  const ends = Array.isArray(causes) && causes.some((cause) => cause?.reason === namespaceTerminating);
  const reason = typeof status.reason === 'string' ? status.reason.slice(0, 63) : '';
  return {
    reason: ends ? namespaceTerminating : reason,
    retryAfterSeconds: typeof seconds === 'number' && seconds > 0 ? seconds : undefined,
  };
}
