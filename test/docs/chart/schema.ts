import { z } from 'zod';
import { configSchema } from '../../../src/config.ts';
import { logLevels } from '../../../src/report/log.ts';
import { chartValues } from './values.ts';

type Json = Readonly<Record<string, unknown>>;

const text = (pattern?: string): Json => ({ type: 'string', ...(pattern === undefined ? {} : { pattern }) });
const whole = (minimum: number, maximum = 2_147_483_647): Json => ({ type: 'integer', minimum, maximum });
const truth: Json = { type: 'boolean' };
const anyMap: Json = { type: 'object' };
const texts: Json = { type: 'object', additionalProperties: { type: 'string' } };
const listOf = (items: Json): Json => ({ type: 'array', items });
const oneOf = (...values: readonly string[]): Json => ({ enum: values });
const exactly = (properties: Json, ...required: readonly string[]): Json => ({
  type: 'object',
  additionalProperties: false,
  properties,
  ...(required.length === 0 ? {} : { required }),
});

const dnsLabel = '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$';
const dnsName = '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$';
const orEmpty = (pattern: string): string => `^$|${pattern}`;
const duration = '^([0-9]{1,2}h)?([0-9]{1,3}m)?([0-9]{1,5}s)?$';
const scrapeTime = '^[0-9]+(ms|s|m|h)$';
const port = whole(1, 65_535);

/** What stands in the file because of other values, or would contradict them. */
const ofOtherValues = new Set(['namespaces', 'lease', 'http', 'externalMetrics']);

/** The configuration as it may stand below `config`: made from the schema that the program reads it with. */
function configValue(): Json {
  const { properties = {}, ...rest } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' });
  const { $schema: _, ...plain } = rest;
  const kept = Object.entries(properties).filter(([key]) => !ofOtherValues.has(key));
  return { ...plain, properties: Object.fromEntries(kept) };
}

function monitor(): Json {
  return exactly({
    enabled: truth,
    labels: texts,
    interval: text(scrapeTime),
    scrapeTimeout: text(scrapeTime),
    relabelings: listOf(anyMap),
    metricRelabelings: listOf(anyMap),
  });
}

/** What each value may be. Objects that Kubernetes has a type for are left to the API server. */
function properties(): Json {
  return {
    global: anyMap,
    nameOverride: text(orEmpty(dnsLabel)),
    fullnameOverride: text(orEmpty(dnsLabel)),
    commonLabels: texts,
    namespaces: { ...listOf(text(dnsLabel)), uniqueItems: true },
    clusterWide: truth,
    secrets: listOf(exactly({ namespace: text(dnsLabel), name: text(dnsName) }, 'namespace', 'name')),
    rescue: exactly({ enabled: truth }),
    config: configValue(),
    image: exactly({
      repository: text(),
      tag: text('^[\\w.-]{0,128}$'),
      digest: text('^$|^sha256:[a-f0-9]{64}$'),
      pullPolicy: oneOf('Always', 'IfNotPresent', 'Never'),
    }),
    imagePullSecrets: listOf(exactly({ name: text(dnsName) }, 'name')),
    replicas: whole(1, 10),
    strategy: anyMap,
    revisionHistoryLimit: whole(0),
    terminationGracePeriodSeconds: whole(10, 600),
    lease: exactly({ name: text(orEmpty(dnsLabel)) }),
    log: exactly({ level: oneOf(...logLevels), format: oneOf('json', 'text') }),
    resources: anyMap,
    livenessProbe: anyMap,
    readinessProbe: anyMap,
    startupProbe: anyMap,
    podSecurityContext: anyMap,
    securityContext: anyMap,
    podLabels: texts,
    podAnnotations: texts,
    priorityClassName: text(orEmpty(dnsName)),
    nodeSelector: texts,
    tolerations: listOf(anyMap),
    affinity: anyMap,
    topologySpreadConstraints: listOf(anyMap),
    extraArgs: listOf(text()),
    extraEnv: listOf(anyMap),
    extraEnvFrom: listOf(anyMap),
    extraVolumes: listOf(anyMap),
    extraVolumeMounts: listOf(anyMap),
    extraObjects: listOf({ type: ['object', 'string'] }),
    podDisruptionBudget: exactly({ enabled: truth, maxUnavailable: { type: ['integer', 'string'] } }),
    serviceAccount: exactly({ create: truth, name: text(orEmpty(dnsName)), annotations: texts }),
    azure: exactly({
      workloadIdentity: exactly({ enabled: truth, clientId: text(), tenantId: text() }),
    }),
    rbac: exactly({
      create: truth,
      aggregatedRoles: truth,
      clusterAutoscaler: truth,
      karpenter: truth,
      nodeLeases: truth,
    }),
    crds: exactly({ install: truth, keep: truth, annotations: texts }),
    service: exactly({ port, annotations: texts }),
    externalMetrics: exactly({
      enabled: truth,
      port: whole(1024, 65_535),
      existingSecret: text(orEmpty(dnsName)),
      apiServiceAnnotations: texts,
      caBundle: text('^[A-Za-z0-9+/=]*$'),
    }),
    networkPolicy: exactly({ enabled: truth, from: listOf(anyMap), egress: listOf(anyMap) }),
    prometheus: exactly({
      serviceMonitor: monitor(),
      podMonitor: monitor(),
      rules: exactly({ enabled: truth, labels: texts }),
    }),
    grafana: exactly({
      dashboards: exactly({ enabled: truth, label: text(), labelValue: text(), annotations: texts }),
    }),
    uninstall: exactly({
      drain: truth,
      timeout: { ...text(duration), minLength: 2 },
      onTimeout: oneOf('Delete', 'Fail'),
    }),
    admission: exactly({ ownAccount: truth, authors: truth }),
    test: exactly({ timeout: { ...text(duration), minLength: 2 } }),
  };
}

/** `values.schema.json`: what may be written, and what values.yaml says about it. Nothing else is taken. */
export function chartSchema(): string {
  const described = new Map(chartValues().map(({ path, description }) => [path, description]));
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the Spillway chart',
    ...withDescriptions(exactly(properties()), '', described),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

function withDescriptions(schema: Json, path: string, described: ReadonlyMap<string, string>): Json {
  const description = described.get(path);
  if (description !== undefined) return { description, ...schema };
  const inner = schema['properties'] as Readonly<Record<string, Json>> | undefined;
  if (inner === undefined) return schema;
  const entries = Object.entries(inner).map(([key, child]) => [
    key,
    withDescriptions(child, path === '' ? key : `${path}.${key}`, described),
  ]);
  return { ...schema, properties: Object.fromEntries(entries) };
}
