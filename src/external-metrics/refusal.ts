import { type ErrorCode, sentence } from '../errors.ts';

/** How each refusal is answered: HTTP status and the reason of its Status object (apimachinery, meta/v1 StatusReason). */
const answers = {
  EXTERNAL_METRICS_PROXY_UNKNOWN: { code: 401, reason: 'Unauthorized' },
  EXTERNAL_METRICS_PATH_UNKNOWN: { code: 404, reason: 'NotFound' },
  EXTERNAL_METRICS_METHOD: { code: 405, reason: 'MethodNotAllowed' },
  EXTERNAL_METRICS_REQUEST_INVALID: { code: 400, reason: 'BadRequest' },
  EXTERNAL_METRICS_BODY: { code: 413, reason: 'RequestEntityTooLarge' },
  EXTERNAL_METRICS_SELECTOR_INVALID: { code: 400, reason: 'BadRequest' },
  EXTERNAL_METRICS_METRIC_UNKNOWN: { code: 404, reason: 'NotFound' },
  EXTERNAL_METRICS_NO_SERIES: { code: 404, reason: 'NotFound' },
  EXTERNAL_METRICS_LOST: { code: 503, reason: 'ServiceUnavailable' },
  EXTERNAL_METRICS_VALUE_UNKNOWN: { code: 503, reason: 'ServiceUnavailable' },
  EXTERNAL_METRICS_NO_LEADER: { code: 503, reason: 'ServiceUnavailable' },
  EXTERNAL_METRICS_SYNCING: { code: 503, reason: 'ServiceUnavailable' },
  HTTP_FAILED: { code: 500, reason: 'InternalError' },
} as const satisfies Partial<Record<ErrorCode, { readonly code: number; readonly reason: string }>>;

export type RefusalCode = keyof typeof answers;

/** An answer: HTTP status and the JSON of its body. */
export interface Answer {
  readonly status: number;
  readonly body: object;
}

/** The answer `kind: Status` to a request that is refused; the message is a sentence of errors.ts. */
export function refuse(code: RefusalCode, details: Readonly<Record<string, string>> = {}): Answer {
  const { code: status, reason } = answers[code];
  return {
    status,
    body: {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: sentence(code, details),
      reason,
      code: status,
    },
  };
}
