/**
 * Every error that a user can meet, in one table: a code to search for and a sentence that says what to do.
 * `{name}` is filled from the details. Sentences never carry text that a server answered, nor a URL with its password.
 */
export const errorTable = {
  CONFIG_INVALID: 'The configuration {file} is not valid: {problem}. Mend it and start again.',
  KUBECONFIG_INVALID: 'The kubeconfig {file} cannot be used: {problem}. Mend it or name another with --kubeconfig.',
  NOT_IN_CLUSTER:
    'Spillway does not run in a pod of a cluster here. Name the cluster with --kubeconfig <file>.',
  CLUSTER_UNREACHABLE:
    'The API server did not answer. Check that it runs and that the address in the kubeconfig can be reached from here.',
  CLUSTER_UNAUTHORIZED:
    'The API server does not know these credentials. Renew the token or certificate of the kubeconfig or ServiceAccount.',
  CLUSTER_FORBIDDEN:
    'The API server forbids to {verb} {resource}. Grant it to the ServiceAccount (see docs/permissions.md).',
  CLUSTER_REFUSED: 'The API server answered {status} to {verb} {resource}. Look at its log or try again later.',
  DURATION_INVALID: '"{value}" is not a duration. Write one such as 300ms, 10s, 5m or 1h30m.',
  QUANTITY_INVALID: '"{value}" is not a quantity. Write one such as 100m, 2, 1.5Gi or 1e3.',
  AMOUNT_INVALID: '"{value}" is not an amount. Write a plain decimal that is not negative, such as 20 or 0.0405.',
  POLICY_INVALID: 'The policy {policy} is not valid at {path}: {problem}. Mend it and apply it again.',
  CHECK_NO_FILES: 'No file is named. Write -f policy.yaml, or -f - to read from standard input.',
  CHECK_UNREADABLE: '{file} cannot be read ({problem}). Name a file that exists and that you may read.',
  CHECK_NOT_TEXT: '{file} is not text in UTF-8. Name a YAML or JSON file.',
  CHECK_EMPTY: '{file} holds no object. Name a file with a BurstPolicy in it.',
  CHECK_NOT_YAML: '{file}:{line}:{column} is not valid YAML: {problem}. Mend it and check again.',
} as const;

export type ErrorCode = keyof typeof errorTable;

/** An error of the table. `details` fill the sentence; `cause` keeps what was caught, for the log alone. */
export class SpillwayError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}, cause?: unknown) {
    super(sentence(code, details), cause === undefined ? {} : { cause });
    this.name = 'SpillwayError';
    this.code = code;
  }
}

/** The sentence of a code with its details filled in. */
export function sentence(code: ErrorCode, details: Readonly<Record<string, string | number>> = {}): string {
  return errorTable[code].replaceAll(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? `{${name}}`));
}
