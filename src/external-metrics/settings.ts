import { z } from 'zod';

/** The external metrics API as the operator of Spillway configures it (docs/hpa.md). */
export interface ExternalMetricsSettings {
  readonly host: string;
  readonly port: number;
  /** Folder with tls.crt, tls.key and perhaps ca.crt; undefined: the leader makes a certificate and keeps it in a Secret. */
  readonly certDir: string | undefined;
  /** The Service by which the API server finds it; `namespace` undefined: the one that Spillway runs in. */
  readonly service: { readonly name: string; readonly namespace: string | undefined };
}

const serviceName = z.string().min(1).max(63);

/** The key `externalMetrics` of the configuration. */
export const externalMetricsSchema = z
  .strictObject({
    enabled: z.boolean().default(false),
    host: z.string().min(1).default('0.0.0.0'),
    port: z.int().min(0).max(65_535).default(8443),
    certDir: z.string().min(1).optional(),
    service: z
      .strictObject({
        name: serviceName.default('spillway-external-metrics'),
        namespace: serviceName.optional(),
      })
      .prefault({}),
  })
  .prefault({});

/** The settings of the key; undefined: it is not switched on. */
export function externalMetricsSettingsOf(
  key: z.infer<typeof externalMetricsSchema>,
): ExternalMetricsSettings | undefined {
  const { enabled, host, port, certDir, service } = key;
  if (!enabled) return undefined;
  return { host, port, certDir, service: { name: service.name, namespace: service.namespace } };
}
