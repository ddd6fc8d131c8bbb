import { type ErrorCode, SpillwayError } from '../errors.ts';

/** Codes of errors.ts that a call to Azure may end with. */
export type ArmFailureCode = Extract<ErrorCode, `AZURE_${string}`>;

/**
 * A call to Azure that failed. Of what Azure answered it keeps the status and its code alone: the text may carry
 * addresses and parts of tokens.
 */
export class ArmFailure extends SpillwayError {
  declare readonly code: ArmFailureCode;
  /** HTTP status; undefined: no answer came. */
  readonly status: number | undefined;
  /** Azure's own code, such as `AuthorizationFailed`; empty: none. */
  readonly azureCode: string;
  /** Azure asks to be left alone for so long; undefined: it does not. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ArmFailureCode,
    told: Partial<Omit<ToldByAzure, 'name' | 'loginAnswered'>> = {},
    details: Details = {},
  ) {
    super(code, { ...details, status: told.status ?? 'no status', azureCode: told.azureCode || 'no code' });
    this.name = 'ArmFailure';
    this.status = told.status;
    this.azureCode = told.azureCode ?? '';
    this.retryAfterSeconds = told.retryAfterSeconds;
  }
}

type Details = Readonly<Record<string, string | number>>;

interface ToldByAzure {
  readonly name: string;
  readonly status: number | undefined;
  readonly azureCode: string;
  readonly retryAfterSeconds: number | undefined;
  /** Of an error of the identity library: whether its server has answered. */
  readonly loginAnswered: boolean;
}

/** A 429 that does not say when to come back: the longest window of ARM's own limits is given time. */
const retryAfterUnsaidSeconds = 60;
/** Nobody is left alone for longer than this, whatever is asked, seconds. */
const longestRetryAfter = 3600;

/** Regions that are not, and regions without Container Instances (ARM: common deployment errors). */
const regionCodes = new Set([
  'noregisteredproviderfound',
  'locationnotavailableforresourcetype',
  'locationnotfound',
  'invalidlocation',
  'invalidresourcelocation',
  'unsupportedlocation',
]);

/** Names of errors of the identity library (`@azure/identity`): no token could be had. */
const identityErrors = new Set([
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** First words of the identity library's messages when its server did not answer (`@azure/msal-node`, its error codes). */
const loginUnanswered =
  /^(endpoints_resolution_error|network_error|no_network_connectivity|request_timeout)\b/;

/** What a thrown error of the SDKs means. `region`: for the sentence. */
export function failureOf(thrown: unknown, nowMs: number, region: string): ArmFailure {
  if (thrown instanceof ArmFailure) return thrown;
  const told = toldBy(thrown, nowMs);
  return new ArmFailure(codeOf(told), told, { region });
}

function codeOf({ name, status, azureCode, loginAnswered }: ToldByAzure): ArmFailureCode {
  const code = azureCode.toLowerCase();
  if (identityErrors.has(name)) {
    // A login server that is down or asks to wait is not a wrong identity.
    if (status === 429) return 'AZURE_THROTTLED';
    return loginAnswered && (status ?? 0) < 500 ? 'AZURE_UNAUTHORIZED' : 'AZURE_UNREACHABLE';
  }
  if (regionCodes.has(code)) return 'AZURE_REGION_UNKNOWN';
  if (code === 'missingsubscriptionregistration') return 'AZURE_NOT_REGISTERED';
  if (code === 'resourcegroupnotfound' || code === 'subscriptionnotfound') return 'AZURE_NOT_FOUND';
  switch (status) {
    case undefined:
      return 'AZURE_UNREACHABLE';
    case 401:
      return 'AZURE_UNAUTHORIZED';
    case 403:
      return 'AZURE_FORBIDDEN';
    case 404:
      return 'AZURE_NOT_FOUND';
    case 429:
      return 'AZURE_THROTTLED';
    default:
      return 'AZURE_FAILED';
  }
}

function toldBy(thrown: unknown, nowMs: number): ToldByAzure {
  const error = recordIn(thrown);
  const status = numberIn(error['statusCode']);
  const name = textIn(error['name']);
  const header = headerOf(error, 'retry-after');
  return {
    name,
    status: status === 0 ? undefined : status,
    // RestError carries ARM's code; where no answer came, that of the socket.
    azureCode: wordIn(error['code']) || wordIn(recordIn(recordIn(error['details'])['error'])['code']),
    loginAnswered: !loginUnanswered.test(textIn(error['message'])),
    retryAfterSeconds:
      header === undefined
        ? status === 429
          ? retryAfterUnsaidSeconds
          : undefined
        : Math.min(longestRetryAfter, secondsIn(header, nowMs)),
  };
}

/** `Retry-After`: seconds, or a date (RFC 9110, 10.2.3). What is neither counts as not said. */
function secondsIn(header: string, nowMs: number): number {
  if (/^\d{1,9}$/.test(header)) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? retryAfterUnsaidSeconds : Math.max(0, (atMs - nowMs) / 1000);
}

function headerOf(error: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const { headers } = recordIn(error['response']);
  const get = recordIn(headers)['get'];
  const value: unknown = typeof get === 'function' ? get.call(headers, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function recordIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textIn(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A code is one word; anything longer is text of a server. */
function wordIn(value: unknown): string {
  const text = textIn(value);
  return /^\w{1,80}$/.test(text) ? text : '';
}
