import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { judge, refusalsOfPod, settingOf } from '../../../../src/act/eligibility/judge.ts';
import { providerVersionOf, withNodeVersion } from '../../../../src/act/eligibility/provider-version.ts';
import { type RuleCode, ruleCodes } from '../../../../src/act/eligibility/rules.ts';
import type { VirtualPool } from '../../../../src/config.ts';
import { examples } from './examples.ts';
import { container, pool, template, templateWith } from './given.ts';

const kinds = ['AksAddon', 'AciHelm', 'AksV2', 'Generic'] as const;
const codes = (more: Parameters<typeof judge>[0], to: VirtualPool = pool()): readonly RuleCode[] =>
  judge(more, to).map(({ code }) => code);

test('a plain template breaks no rule on any kind of virtual node', () => {
  for (const kind of kinds) assert.deepEqual(codes(template(), pool({ kind })), []);
});

describe('each rule finds what it is about, names it and says where', () => {
  for (const [code, example] of Object.entries(examples)) {
    test(code, () => {
      const findings = judge(example.template, pool(example.pool), example.workload);
      const expected = [code, ...(example.with ?? [])].toSorted();
      assert.deepEqual(findings.map((finding) => finding.code).toSorted(), expected);
      const finding = findings.find((each) => each.code === code);
      assert.match(finding?.message ?? '', example.says);
      assert.doesNotMatch(finding?.message ?? '', /[{}]/);
      assert.match(`${finding?.message} ${finding?.remedy}`, /^[A-Z].*\. [A-Z].*[.]$/);
      assert.ok((finding?.places.length ?? 0) > 0);
    });
  }
});

describe('a rule is as severe', () => {
  test('as its kind of node makes it', () => {
    const lifecycle = kinds.map((kind) => settingOf('TEMPLATE_LIFECYCLE', pool({ kind })));
    assert.deepEqual(lifecycle, ['refuse', 'refuse', 'off', 'off']);
    const field = kinds.map((kind) => settingOf('TEMPLATE_ENV_FIELD', pool({ kind })));
    assert.deepEqual(field, ['refuse', 'refuse', 'off', 'warn']);
  });

  test('as its version makes it; one that is not known is taken for the newest', () => {
    const at = (code: RuleCode, providerVersion?: string): string =>
      settingOf(code, pool({ providerVersion }));
    const versions = ['1.4.12', '1.5.0', '1.5.9', '1.6.0', '1.10.0', undefined];
    assert.deepEqual(
      versions.map((version) => at('TEMPLATE_INIT_CONTAINERS', version)),
      ['refuse', 'off', 'off', 'off', 'off', 'off'],
    );
    assert.deepEqual(
      versions.map((version) => at('TEMPLATE_LIFECYCLE', version)),
      ['warn', 'warn', 'warn', 'refuse', 'refuse', 'refuse'],
    );
    assert.equal(settingOf('TEMPLATE_LIFECYCLE', pool({ kind: 'AksV2', providerVersion: '1.0.0' })), 'off');
  });

  test('as it is configured, whatever kind and version say', () => {
    const rules = { TEMPLATE_ARGS: 'off', TEMPLATE_NODE_NAME: 'warn', TEMPLATE_LIFECYCLE: 'drop' } as const;
    const configured = pool({ kind: 'AksV2', providerVersion: '1.0.0', rules });
    for (const [code, setting] of Object.entries(rules)) {
      assert.equal(settingOf(code as RuleCode, configured), setting);
    }
    assert.deepEqual(codes(templateWith({ args: ['a'] }), pool({ rules })), []);
  });
});

test('a pool of kind Generic knows only what is true of any virtual-kubelet', () => {
  const known = ruleCodes.filter((code) => settingOf(code, pool({ kind: 'Generic' })) !== 'off');
  assert.deepEqual(known, [
    'TEMPLATE_PINNED',
    'TEMPLATE_NODE_NAME',
    'TEMPLATE_POD_AFFINITY',
    'TEMPLATE_ANTI_AFFINITY',
    'TEMPLATE_SPREAD',
    'TEMPLATE_NODE_SELECTOR',
    'TEMPLATE_NODE_AFFINITY',
    'TEMPLATE_RUNTIME_CLASS',
    'TARGET_RECREATE',
    'TEMPLATE_ENV_FIELD',
    'TEMPLATE_ENV_RESOURCE',
    'TEMPLATE_TOO_LARGE',
  ]);
  const huge = templateWith({ resources: { requests: { cpu: '400', memory: '4Ti' } } });
  assert.deepEqual(codes(huge, pool({ kind: 'Generic' })), []);
  const largestGroup = { cpu: 64, memoryGb: 512 };
  assert.deepEqual(codes(huge, pool({ kind: 'Generic', largestGroup })), ['TEMPLATE_TOO_LARGE']);
});

test('an image is refused for its architecture only where no way leads to amd64', () => {
  const arch = 'kubernetes.io/arch';
  const required = (...terms: readonly (readonly string[])[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((values) => ({
            matchExpressions:
              values.length === 0
                ? [{ key: 'agentpool', operator: 'Exists' }]
                : [{ key: arch, operator: 'In', values: [...values] }],
          })),
        },
      },
    },
  });
  const refused = (spec: Parameters<typeof template>[0]): boolean =>
    judge(template(spec), pool()).some(
      ({ code, severity }) => code === 'TEMPLATE_ARCHITECTURE' && severity === 'refuse',
    );
  assert.ok(refused({ nodeSelector: { [arch]: 'arm64' } }));
  assert.ok(refused(required(['arm64'])));
  assert.ok(refused({ nodeSelector: { [arch]: 'arm64' }, ...required(['amd64', 'arm64']) }));
  assert.ok(!refused({ nodeSelector: { [arch]: 'amd64' } }));
  assert.ok(!refused(required(['amd64', 'arm64'])));
  assert.ok(!refused(required(['arm64'], ['amd64'])));
  assert.ok(!refused(required(['arm64'], [])));
});

test('what the API server fills in is nobody’s wish', () => {
  const filled = template({
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    restartPolicy: 'Always',
    volumes: [
      { name: 'config', configMap: { name: 'a', defaultMode: 0o644 } },
      { name: 'cache', emptyDir: {} },
    ],
    containers: [container({ terminationMessagePath: '/dev/termination-log', imagePullPolicy: 'Always' })],
  });
  assert.deepEqual(codes(filled), []);
});

describe('sizes are those that Container Instances count', () => {
  const sized = (requests: Record<string, string>, limits: Record<string, string>) =>
    codes(templateWith({ resources: { requests, limits } }));

  test('requests are rounded down, and a limit of cpu is not', () => {
    assert.deepEqual(sized({ cpu: '1005m', memory: '1G' }, { cpu: '1005m', memory: '1G' }), [
      'TEMPLATE_LIMITS',
    ]);
    assert.deepEqual(sized({ cpu: '1', memory: '1.05G' }, { cpu: '1', memory: '1.09G' }), []);
  });

  test('a limit may use what the other containers of the group request', () => {
    const small = container({ name: 'b', resources: { requests: { cpu: '1', memory: '1G' } } });
    const large = container({ resources: { requests: { cpu: '1', memory: '1G' }, limits: { cpu: '2' } } });
    assert.deepEqual(codes(template({ containers: [small, large] })), []);
    assert.deepEqual(codes(template({ containers: [large] })), ['TEMPLATE_LIMITS']);
  });

  test('a limit stands in for a request that is missing', () => {
    assert.deepEqual(codes(templateWith({ resources: { limits: { cpu: '4', memory: '8Gi' } } })), []);
  });

  test('where nothing is requested, 1 CPU and 1.5 GB count for each container', () => {
    const bare = Array.from({ length: 32 }, (_, index) => ({ name: `c${index}`, image: 'a' }));
    assert.deepEqual(codes(template({ containers: bare })), ['TEMPLATE_TOO_LARGE', 'TEMPLATE_REQUESTS']);
  });
});

test('of many names a sentence lists five and counts the rest', () => {
  const env = Array.from({ length: 8 }, (_, index) => ({ name: `a.${index}`, value: 'x' }));
  const [finding] = judge(templateWith({ env }), pool());
  assert.match(finding?.message ?? '', /variables a\.0, a\.1, a\.2, a\.3, a\.4 and 3 more are/);
  assert.deepEqual(finding?.places[7], ['spec', 'containers', 0, 'env', 7]);
});

test('names that look like patterns of a replacement are taken as they are', () => {
  const [finding] = judge(templateWith({ env: [{ name: '$&$1', value: 'x' }] }), pool());
  assert.match(finding?.message ?? '', /variables \$&\$1 are/);
});

test('the token volume that admission adds to a pod is not one that the template asks for', () => {
  const sources = [
    { serviceAccountToken: { path: 'token' } },
    { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    { downwardAPI: { items: [] } },
  ];
  for (const name of ['kube-api-access-x7k2p', 'kube-api-access']) {
    const volumes = [{ name, projected: { defaultMode: 0o644, sources } }];
    assert.deepEqual(codes(template({ volumes })), []);
  }
  const volumes = [{ name: 'token', projected: { sources } }];
  assert.deepEqual(codes(template({ volumes })), ['TEMPLATE_VOLUME_ITEMS', 'TEMPLATE_TOKEN_VOLUME']);
});

test('a pod that is there already is refused what would be left out of a template', () => {
  const pod = template({
    nodeSelector: { agentpool: 'batch' },
    initContainers: [{ name: 'init', image: 'a', ports: [{ containerPort: 80 }] }],
    terminationGracePeriodSeconds: 60,
  });
  assert.deepEqual(
    refusalsOfPod(pod, pool()).map(({ code }) => code),
    ['TEMPLATE_INIT_RESOURCES'],
  );
});

test('the version of the provider is read from what its node calls its kubelet', () => {
  assert.equal(providerVersionOf('v1.25.0-vk-azure-aci-v1.6.4'), '1.6.4');
  assert.equal(providerVersionOf('v1.19.10-vk-azure-aci-1.4.1'), '1.4.1');
  assert.equal(providerVersionOf('v1.33.1'), undefined);
  assert.equal(withNodeVersion(pool(), 'v1.25.0-vk-azure-aci-v1.4.1').providerVersion, '1.4.1');
  const configured = pool({ providerVersion: '1.6.0' });
  assert.equal(withNodeVersion(configured, 'v1.25.0-vk-azure-aci-v1.4.1').providerVersion, '1.6.0');
});

test('a template that no API server has seen is judged as far as it makes sense', () => {
  const broken = { spec: { containers: null, volumes: 'a', initContainers: [1, null] } };
  assert.deepEqual(codes(broken as never), ['TEMPLATE_API_TOKEN']);
  assert.deepEqual(codes({}), []);
  assert.throws(() => codes(templateWith({ resources: { requests: { cpu: 'much' } } })), {
    code: 'QUANTITY_INVALID',
  });
});
