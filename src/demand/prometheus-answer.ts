import type { ErrorCode } from '../errors.ts';
import { isRecord } from '../policy/schema-tree.ts';

/** What a question to a Prometheus came to: one number, or why there is none. */
export type Answer = Value | Failure;

export interface Value {
  readonly state: 'value';
  readonly value: number;
  /** The time that the server says it is of, milliseconds since the epoch. */
  readonly atMs: number;
}

export interface Failure {
  readonly state: 'failed';
  readonly code: PrometheusCode;
  /** What the sentence of the code names. Never text of the server. */
  readonly details: Readonly<Record<string, string | number>>;
}

type PrometheusCode = Extract<ErrorCode, `PROMETHEUS_${string}`>;

/** Why there is no number. */
export function failed(code: PrometheusCode, details: Failure['details'] = {}): Failure {
  return { state: 'failed', code, details };
}

/**
 * Reads the answer to an instant query. Exactly one number that is not negative counts: a scalar, or a vector of one
 * (prometheus.io/docs/prometheus/latest/querying/api: format overview, instant queries).
 * @param body its JSON; undefined: it was none
 */
export function answerOf(httpStatus: number, body: unknown): Answer {
  if (httpStatus !== 200) return refusalOf(httpStatus, body);
  if (!isRecord(body) || body['status'] !== 'success' || !isRecord(body['data'])) {
    return failed('PROMETHEUS_FAILED', { status: httpStatus });
  }
  // VictoriaMetrics marks an answer to which not every store has contributed.
  if (body['isPartial'] === true) return failed('PROMETHEUS_PARTIAL');
  const { resultType, result } = body['data'];
  if (resultType === 'scalar') return numberIn(result);
  if (resultType !== 'vector') return failed('PROMETHEUS_NUMBER_INVALID', { value: nameOf(resultType) });
  if (!Array.isArray(result)) return failed('PROMETHEUS_FAILED', { status: httpStatus });
  const [series, ...others]: readonly unknown[] = result;
  if (others.length > 0) return failed('PROMETHEUS_SEVERAL_SERIES');
  if (series === undefined) return failed('PROMETHEUS_NO_DATA');
  if (isRecord(series) && Object.hasOwn(series, 'histogram')) {
    return failed('PROMETHEUS_NUMBER_INVALID', { value: 'a histogram' });
  }
  return numberIn(isRecord(series) ? series['value'] : undefined);
}

function refusalOf(httpStatus: number, body: unknown): Failure {
  if (httpStatus === 400 || httpStatus === 422) return failed('PROMETHEUS_QUERY_INVALID');
  if (httpStatus === 401 || httpStatus === 403 || httpStatus === 407) return failed('PROMETHEUS_AUTH_FAILED');
  const timedOut = httpStatus === 503 && isRecord(body) && body['errorType'] === 'timeout';
  if (timedOut || httpStatus === 504) return failed('PROMETHEUS_TIMEOUT');
  return failed('PROMETHEUS_FAILED', { status: httpStatus });
}

/** A pair of seconds since the epoch and a number as text. */
function numberIn(pair: unknown): Answer {
  const [seconds, text]: readonly unknown[] = Array.isArray(pair) ? pair : [];
  if (typeof seconds !== 'number' || typeof text !== 'string' || !/^[-+.\w]+$/.test(text)) {
    return failed('PROMETHEUS_FAILED', { status: 200 });
  }
  const value = /^[-+]?Inf$/i.test(text) ? Number(text.replace(/Inf/i, 'Infinity')) : Number(text);
  // Beyond this a status could not be written: numbers of jobs there are 64 bits wide.
  const countable = value >= 0 && value <= Number.MAX_SAFE_INTEGER;
  if (!countable) return failed('PROMETHEUS_NUMBER_INVALID', { value: String(value) });
  return { state: 'value', value, atMs: Math.round(seconds * 1000) };
}

function nameOf(resultType: unknown): string {
  return resultType === 'matrix' ? 'a range of values' : 'something that is no number';
}
