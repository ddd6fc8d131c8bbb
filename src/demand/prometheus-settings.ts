import { z } from 'zod';

/** A Prometheus, or what speaks its HTTP API, that policies may name (see docs/sources.md). */
export interface PrometheusSettings {
  readonly name: string;
  /** Its address, path prefix included, without `/api/v1`; never with a user or password. */
  readonly url: string;
  /** Files, read anew for each question: what is mounted may be rotated. */
  readonly bearerTokenFile: string | undefined;
  readonly basicAuth: { readonly usernameFile: string; readonly passwordFile: string } | undefined;
  /** PEM bundle that the server's certificate must chain to; undefined: the system's authorities. */
  readonly caFile: string | undefined;
  /** Sent with each question, such as `X-Scope-OrgID`. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long an answer may take, seconds. */
  readonly timeoutSeconds: number;
  /** Between two questions of the same text, seconds. */
  readonly everySeconds: number;
  /** An answer whose own time is further back than this says nothing any more, seconds. */
  readonly staleAfterSeconds: number;
}

const file = z.string().min(1).max(4096);

/** What the question itself sets, or what would make it another. */
const ownHeaders =
  /^(authorization|host|connection|content-.*|transfer-encoding|expect|upgrade|te|trailer)$/i;

const headers = z
  .record(
    z.string().regex(/^[A-Za-z0-9-]{1,100}$/, 'write the name of a header'),
    z.string().regex(/^[\x20-\x7e]{0,1000}$/, 'write plain text'),
  )
  .refine(
    (given) => !Object.keys(given).some((name) => ownHeaders.test(name)),
    'one of these is set by Spillway itself: credentials belong into bearerTokenFile or basicAuth',
  );

const connection = z
  .strictObject({
    name: z.string().min(1).max(253),
    url: z
      .url({ protocol: /^https?$/, error: 'write an address such as https://prometheus.monitoring:9090' })
      .refine(isBare, 'write it without user, password, query and fragment (see basicAuth)'),
    bearerTokenFile: file.optional(),
    basicAuth: z.strictObject({ usernameFile: file, passwordFile: file }).optional(),
    caFile: file.optional(),
    headers: headers.default({}),
    timeoutSeconds: z.number().min(1).max(60).default(10),
    everySeconds: z.number().min(1).max(300).default(5),
    staleAfterSeconds: z.number().min(5).max(3600).default(60),
  })
  .refine(({ bearerTokenFile, basicAuth }) => bearerTokenFile === undefined || basicAuth === undefined, {
    path: ['bearerTokenFile'],
    error: 'write this or basicAuth, not both',
  })
  .refine(({ caFile, url }) => caFile === undefined || url.startsWith('https:'), {
    path: ['caFile'],
    error: 'only an https address has a certificate',
  });

/** The key `prometheus` of the configuration. */
export const prometheusSchema = z
  .array(connection)
  .refine(
    (all) => new Set(all.map(({ name }) => name)).size === all.length,
    'two connections have the same name',
  )
  .default([]);

/** The connections that a parsed configuration means. */
export function prometheusSettingsOf(
  parsed: z.infer<typeof prometheusSchema>,
): readonly PrometheusSettings[] {
  return parsed.map(({ url, bearerTokenFile, basicAuth, caFile, ...rest }) => ({
    ...rest,
    url: url.replace(/\/+$/, ''),
    bearerTokenFile,
    basicAuth,
    caFile,
  }));
}

function isBare(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { username, password, search, hash } = new URL(text);
  return [username, password, search, hash].every((part) => part === '');
}
