import { type ErrorCode, SpillwayError } from '../../errors.ts';

/** What a server's answer begins with or holds, and what it means. The answer itself goes no further than here. */
const answers: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /^(WRONGPASS|NOAUTH)|invalid password|AUTH <password> called|wrong number of arguments for 'auth'/i,
    'REDIS_AUTH_FAILED',
  ],
  [
    /NOPERM|has no permissions|can't run this command|can't access at least one of the keys/i,
    'REDIS_FORBIDDEN',
  ],
  [/^(LOADING|BUSY|MASTERDOWN|TRYAGAIN|READONLY|UNBLOCKED)|killed by user/i, 'REDIS_NOT_READY'],
  [/CROSSSLOT|CLUSTERDOWN|^(MOVED|ASK) |non local key/i, 'REDIS_CLUSTER_UNSUPPORTED'],
];

/** Codes of node:tls and OpenSSL. */
const tlsCode = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_|EPROTO/;

/** The row of errors.ts for whatever a connection or a command failed with. */
export function failureCode(error: unknown): ErrorCode {
  if (error instanceof SpillwayError) return error.code;
  if (!(error instanceof Error)) return 'REDIS_UNREACHABLE';
  if (error.name === 'ReplyError') return answerCode(error.message);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return tlsCode.test(code) ? 'REDIS_TLS_FAILED' : 'REDIS_UNREACHABLE';
}

/** The row of errors.ts for an error that a server answered. */
export function answerCode(answer: string): ErrorCode {
  return answers.find(([pattern]) => pattern.test(answer))?.[1] ?? 'REDIS_FAILED';
}

/** The same for what a drain failed with: it writes, which demand never does. */
export function drainFailureCode(error: unknown): ErrorCode {
  if (error instanceof Error && writeRefused.test(error.message)) return 'REDIS_WRITE_REFUSED';
  const code = failureCode(error);
  return code === 'REDIS_FORBIDDEN' ? 'REDIS_DRAIN_FORBIDDEN' : code;
}

/** Memory or disk is full, replicas are missing, or it is a replica itself; Redis 6 says so inside a longer text. */
const writeRefused = /\b(OOM|MISCONF|NOREPLICAS|READONLY)\b/;

/** The same for what a Sentinel failed with. */
export function sentinelFailureCode(error: unknown): ErrorCode {
  if (error instanceof Error && error.message.includes('No such master'))
    return 'REDIS_SENTINEL_MASTER_UNKNOWN';
  const code = failureCode(error);
  if (code === 'REDIS_AUTH_FAILED' || code === 'REDIS_FORBIDDEN') return 'REDIS_SENTINEL_REFUSED';
  return code === 'REDIS_TLS_FAILED' || code === 'REDIS_ADDRESS_REFUSED'
    ? code
    : 'REDIS_SENTINEL_UNREACHABLE';
}

/** The server became a replica, or its address may now lead to another: connect anew. */
export function isFailover(error: unknown): boolean {
  // Redis 6 says so inside a longer text where a script met it.
  return error instanceof Error && /^UNBLOCKED|\bREADONLY\b/.test(error.message);
}

/** A key in the call is not what the call expects. */
export function isWrongType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('WRONGTYPE');
}
