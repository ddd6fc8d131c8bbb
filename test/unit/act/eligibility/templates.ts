import type {
  V1Container,
  V1Lifecycle,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Probe,
} from '@kubernetes/client-node';
import fc from 'fast-check';
import { isDroppable, type RuleCode, ruleCodes, rules } from '../../../../src/act/eligibility/rules.ts';
import type { RuleSetting } from '../../../../src/act/eligibility/rule.ts';
import type { VirtualPool } from '../../../../src/config.ts';
import { pool } from './given.ts';

/** Objects with some of the fields. */
function some<T>(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<T> {
  return fc.record(fields, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** Objects with all of the fields. */
function whole<T>(fields: { [Field in keyof T]: fc.Arbitrary<T[Field]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

const labels = fc.dictionary(
  fc.constantFrom('app', 'tier', 'azure.workload.identity/use'),
  fc.constantFrom('a', 'true'),
  { noNullPrototype: true },
);
const term = whole({
  topologyKey: fc.constantFrom('kubernetes.io/hostname', 'topology.kubernetes.io/zone', 'rack'),
});
const weighted = whole({ weight: fc.constant(1), podAffinityTerm: term });
const nodeTerm = whole({
  matchExpressions: fc.array(
    fc
      .tuple(
        fc.constantFrom('agentpool', 'type', 'kubernetes.io/arch', 'kubernetes.io/os'),
        fc.constantFrom('In', 'NotIn', 'Exists'),
        fc.constantFrom('batch', 'virtual-kubelet', 'arm64', 'linux'),
      )
      .map(([key, operator, value]) =>
        operator === 'Exists' ? { key, operator } : { key, operator, values: [value] },
      ),
    { minLength: 1, maxLength: 2 },
  ),
});
const affinity = some<NonNullable<V1PodSpec['affinity']>>({
  nodeAffinity: some({
    requiredDuringSchedulingIgnoredDuringExecution: whole({
      nodeSelectorTerms: fc.array(nodeTerm, { minLength: 1, maxLength: 2 }),
    }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(
      whole({ weight: fc.constant(1), preference: nodeTerm }),
      { maxLength: 2 },
    ),
  }),
  podAffinity: some({
    requiredDuringSchedulingIgnoredDuringExecution: fc.array(term, { maxLength: 2 }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(weighted, { maxLength: 2 }),
  }),
  podAntiAffinity: some({
    requiredDuringSchedulingIgnoredDuringExecution: fc.array(term, { maxLength: 2 }),
    preferredDuringSchedulingIgnoredDuringExecution: fc.array(weighted, { maxLength: 2 }),
  }),
});

const probe: fc.Arbitrary<V1Probe> = fc.constantFrom<V1Probe>(
  { exec: { command: ['ok'] } },
  { httpGet: { port: 80, path: '/' }, periodSeconds: 5 },
  { httpGet: { port: 80, httpHeaders: [{ name: 'Host', value: 'a' }] } },
  { tcpSocket: { port: 80 } },
  { grpc: { port: 80 } },
);
const hook = fc.constantFrom<NonNullable<V1Lifecycle['preStop']>>(
  { exec: { command: ['sync'] } },
  { sleep: { seconds: 5 } },
);
const amounts = (least: number) =>
  some<Record<string, string>>({
    cpu: fc.integer({ min: least, max: 4 * least }).map((cpu) => `${cpu * 10}m`),
    memory: fc.integer({ min: least, max: 4 * least }).map((memory) => `${memory * 10}Mi`),
    'ephemeral-storage': fc.constant('1Gi'),
  });
const resources = some<NonNullable<V1Container['resources']>>({ requests: amounts(10), limits: amounts(40) });
const common = {
  args: fc.constant(['--fast']),
  command: fc.constant(['run']),
  workingDir: fc.constant('/app'),
  resources,
  env: fc.subarray([
    { name: 'A', value: 'a' },
    { name: 'a.b', value: 'b' },
    { name: 'EMPTY', value: '' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
  ]),
  ports: fc.subarray([{ containerPort: 80 }, { containerPort: 81, hostPort: 81, hostIP: '10.0.0.1' }]),
  securityContext: fc.constantFrom({}, { privileged: true }, { runAsUser: 1 }),
  volumeMounts: fc.subarray([
    { name: 'config', mountPath: '/config' },
    { name: 'data', mountPath: '/data', subPath: 'a' },
  ]),
};
const main = fc
  .tuple(
    some<Partial<V1Container>>({
      ...common,
      startupProbe: probe,
      livenessProbe: probe,
      readinessProbe: probe,
      lifecycle: some({ preStop: hook, postStart: hook }),
    }),
    fc.constantFrom('worker:1', 'media.azurecr.io/worker:1', 'registry.example.com:5000/worker'),
  )
  .map(([container, image]) => ({ ...container, image }));
const init = some<Partial<V1Container>>({ ...common, restartPolicy: fc.constant('Always') });

/** Both of the names that containers mount, in all ways. */
const volumeSets: readonly NonNullable<V1PodSpec['volumes']>[] = [
  [
    { name: 'config', configMap: { name: 'a' } },
    { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
  ],
  [
    { name: 'config', configMap: { name: 'a', items: [{ key: 'a', path: 'b' }], defaultMode: 0o755 } },
    { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
  ],
];

const spec = fc
  .tuple(
    some<Omit<V1PodSpec, 'containers' | 'initContainers'>>({
      affinity,
      nodeSelector: fc.dictionary(
        fc.constantFrom('type', 'agentpool', 'kubernetes.io/os'),
        fc.constantFrom('virtual-kubelet', 'linux', 'batch'),
        { noNullPrototype: true },
      ),
      tolerations: fc.subarray([
        { key: 'virtual-kubelet.io/provider', operator: 'Equal', value: 'azure', effect: 'NoSchedule' },
        { key: 'spot', operator: 'Exists' },
      ]),
      topologySpreadConstraints: fc.uniqueArray(
        term.map((each) => ({ ...each, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' })),
        { maxLength: 2, selector: ({ topologyKey }) => topologyKey },
      ),
      hostNetwork: fc.boolean(),
      hostAliases: fc.subarray([{ ip: '10.0.0.1', hostnames: ['db'] }]),
      runtimeClassName: fc.constant('kata'),
      nodeName: fc.constantFrom('', 'vm-1'),
      terminationGracePeriodSeconds: fc.constantFrom(30, 600),
      securityContext: fc.constantFrom({}, { fsGroup: 1 }),
      imagePullSecrets: fc.constant([{ name: 'registry' }]),
      automountServiceAccountToken: fc.boolean(),
      serviceAccountName: fc.constant('worker'),
    }),
    fc.constantFrom(...volumeSets),
    fc.array(main, { minLength: 1, maxLength: 3 }),
    fc.array(init, { maxLength: 2 }),
  )
  .map(
    ([rest, volumes, containers, initContainers]): V1PodSpec => ({
      ...rest,
      volumes,
      containers: containers.map((container, index) => named(container, 'c', index)),
      ...(initContainers.length === 0
        ? {}
        : { initContainers: initContainers.map((container, index) => named(container, 'i', index)) }),
    }),
  );

/** Names and host ports are each container's own. */
function named(container: Partial<V1Container>, prefix: string, index: number): V1Container {
  const port = 8080 + index;
  const ports = container.ports?.map((each) =>
    each.hostPort === undefined ? each : { ...each, containerPort: port, hostPort: port },
  );
  return {
    image: 'worker:1',
    ...container,
    ...(ports === undefined ? {} : { ports }),
    name: `${prefix}${index}`,
  };
}

/** Pod templates of every kind that an API server would let through, as far as the rules look at them. */
export const templates: fc.Arbitrary<V1PodTemplateSpec> = fc
  .tuple(some<NonNullable<V1PodTemplateSpec['metadata']>>({ labels, annotations: labels }), spec)
  .map(([metadata, spec]) => ({ metadata, spec }));

const kinds = ['AksAddon', 'AciHelm', 'AksV2', 'Generic'] as const;

/** Pools of every kind and configuration; often one that refuses nothing. */
export const pools: fc.Arbitrary<VirtualPool> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    providerVersion: fc.constantFrom('1.4.0', '1.5.0', '1.6.4', undefined),
    lenient: fc.boolean(),
    dice: fc.array(fc.nat(3), { minLength: ruleCodes.length, maxLength: ruleCodes.length }),
  })
  .map(({ kind, providerVersion, lenient, dice }) =>
    pool({
      kind,
      providerVersion,
      rules: Object.fromEntries(
        ruleCodes.flatMap((code, index): (readonly [RuleCode, RuleSetting])[] => {
          const rolled = dice[index] ?? 0;
          const refuses = Object.values(rules[code].on).includes('refuse') || rules[code].older !== undefined;
          if (lenient && refuses) return [[code, isDroppable(code) && rolled > 0 ? 'drop' : 'warn']];
          return isDroppable(code) && rolled === 3 ? [[code, 'drop']] : [];
        }),
      ),
    }),
  );
