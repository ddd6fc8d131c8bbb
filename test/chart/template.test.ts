import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { defaultVirtualPools } from '../../src/cluster/virtual-nodes.ts';
import { type NeededRight, neededRights } from '../../src/commands/doctor/needed-rights.ts';
import { parseConfig } from '../../src/config.ts';
import { objectsIn } from '../docs/pages.ts';
import { chartDir, helmOrThrow } from './helm.ts';
import { matrix } from './matrix.ts';
import {
  installed,
  one,
  ownRoles,
  podTemplate,
  type Rendered,
  releaseNamespace,
  render,
  valuesText,
} from './render.ts';
import { lineOf, type Places, rightsIn, type RoleObject, written } from './rights.ts';

interface PodSpec {
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly affinity: {
    readonly nodeAffinity: {
      readonly requiredDuringSchedulingIgnoredDuringExecution: {
        readonly nodeSelectorTerms: readonly {
          readonly matchExpressions: readonly { key: string; operator: string; values: string[] }[];
        }[];
      };
    };
  };
  readonly containers: readonly {
    readonly image: string;
    readonly securityContext: Readonly<Record<string, unknown>>;
    readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } };
  }[];
}

/** Specs of all pods that the objects bring about, hooks and the test included. */
function podsOf(objects: readonly Rendered[]): readonly PodSpec[] {
  return objects.flatMap((object) => {
    const { kind, spec } = object;
    if (kind === 'Pod') return [spec as unknown as PodSpec];
    return kind === 'Deployment' || kind === 'Job' ? [podTemplate(object).spec as PodSpec] : [];
  });
}

function configIn(objects: readonly Rendered[], name?: string): string {
  return one(objects, 'ConfigMap', name).data?.['spillway.yaml'] ?? '';
}

const sorted = (lines: readonly string[]): readonly string[] => [...new Set(lines)].toSorted();

describe('the chart', () => {
  for (const [name, values] of Object.entries(matrix)) {
    test(`renders with ${name}: the configuration is accepted, and every pod is safe`, async () => {
      await helmOrThrow(['lint', '--strict', '--quiet', chartDir, '--values', '-'], {
        input: valuesText(values),
      });
      const objects = await render(values);
      const deployment = objects.find(({ kind }) => kind === 'Deployment');
      assert.doesNotThrow(() =>
        parseConfig(configIn(objects, deployment?.metadata.name), name, defaultVirtualPools),
      );
      for (const pod of podsOf(objects)) {
        assert.equal(pod.securityContext['runAsNonRoot'], true);
        assert.deepEqual(pod.securityContext['seccompProfile'], { type: 'RuntimeDefault' });
        for (const { securityContext, resources } of pod.containers) {
          assert.deepEqual(securityContext, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          });
          assert.ok(resources?.requests !== undefined && resources.limits?.memory !== undefined);
        }
        for (const { matchExpressions } of pod.affinity.nodeAffinity
          .requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms) {
          assert.ok(
            matchExpressions.some(
              ({ key, operator, values }) =>
                key === 'type' && operator === 'NotIn' && values.includes('virtual-kubelet'),
            ),
          );
        }
      }
    });
  }

  test('grants exactly what the code needs, in the namespaces that are listed', async () => {
    const namespaces = ['media', 'ops'];
    assert.deepEqual(await granted({ namespaces }), needed({ namespaces }, withoutRescue));
  });

  test('without a list only in its own namespace', async () => {
    assert.deepEqual(await granted({}), needed({ namespaces: [releaseNamespace] }, withoutRescue));
  });

  test('by choice in the whole cluster, and what Rescue needs by choice too', async () => {
    assert.deepEqual(
      await granted({ clusterWide: true, rescue: { enabled: true } }),
      needed({ namespaces: undefined }, neededRights),
    );
  });

  test('grants what docs/examples/install.yaml grants', async () => {
    const file = 'docs/examples/install.yaml';
    const roles = objectsIn(readFileSync(file, 'utf8'), file)
      .map(({ value }) => value as RoleObject)
      .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    assert.deepEqual(await granted({ clusterWide: true }), sorted(rightsIn(roles).map(lineOf)));
  });

  test('grants for external metrics what docs/examples/external-metrics.yaml grants', async () => {
    const file = 'docs/examples/external-metrics.yaml';
    const roles = objectsIn(readFileSync(file, 'utf8'), file)
      .map(({ value }) => value as RoleObject)
      .filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole');
    // There by a Role of Kubernetes, which may list too.
    const authority = 'kube-system configmaps extension-apiserver-authentication';
    const wanted = [...rightsIn(roles).map(lineOf), `${authority} get`, `${authority} watch`];
    const before = await granted({});
    const more = async (externalMetrics: object): Promise<readonly string[]> =>
      (await granted({ externalMetrics: { enabled: true, ...externalMetrics } })).filter(
        (line) => !before.includes(line),
      );
    assert.deepEqual(await more({}), sorted(wanted));
    assert.deepEqual(
      await more({ existingSecret: 'tls' }),
      sorted(wanted.filter((line) => !line.includes('secrets'))),
    );
  });

  test('lets it read Secrets by their names alone', async () => {
    const secrets = [
      { namespace: 'media', name: 'redis' },
      { namespace: 'media', name: 'redis-2' },
      { namespace: 'ops', name: 'redis' },
    ];
    const before = await granted({ namespaces: ['media', 'ops'] });
    const more = (await granted({ namespaces: ['media', 'ops'], secrets })).filter(
      (line) => !before.includes(line),
    );
    const lines = secrets.flatMap(({ namespace, name }) =>
      ['get', 'watch'].map((verb) => `${namespace} secrets ${name} ${verb}`),
    );
    assert.deepEqual(more, lines.toSorted());
  });

  test('binds each role to its own account, in the namespace of the role', async () => {
    for (const values of [
      { namespaces: ['media', 'ops'] },
      { clusterWide: true, externalMetrics: { enabled: true } },
    ]) {
      const objects = await render(values);
      for (const role of ownRoles(objects)) {
        const binding = objects.find(
          ({ kind, metadata }) =>
            kind === `${role.kind}Binding` &&
            metadata.name === role.metadata.name &&
            metadata.namespace === role.metadata.namespace,
        ) as (Rendered & { readonly subjects: unknown }) | undefined;
        assert.deepEqual(binding?.subjects, [
          { kind: 'ServiceAccount', name: 'spillway', namespace: releaseNamespace },
        ]);
      }
    }
  });

  test('has the CustomResourceDefinition and the aggregated roles as they are generated', async () => {
    const objects = await render();
    const crd = one(objects, 'CustomResourceDefinition', 'burstpolicies.spillway.dev');
    const [file, roles] = ['burstpolicies.yaml', 'aggregated-roles.yaml'].map((name) =>
      objectsIn(readFileSync(`${chartDir}/files/${name}`, 'utf8'), name).map(
        ({ value }) => value as Rendered,
      ),
    );
    assert.deepEqual(crd.spec, file?.[0]?.spec);
    assert.equal(crd.metadata.annotations?.['helm.sh/resource-policy'], 'keep');
    assert.equal(roles?.length, 2);
    for (const { metadata, rules } of roles ?? []) {
      const rendered = one(objects, 'ClusterRole', metadata.name);
      assert.deepEqual(rendered.rules, rules);
      for (const [label, value] of Object.entries(metadata.labels ?? {})) {
        assert.equal(rendered.metadata.labels?.[label], value);
      }
    }
    const gone = one(
      await render({ crds: { keep: false } }),
      'CustomResourceDefinition',
      'burstpolicies.spillway.dev',
    );
    assert.equal(gone.metadata.annotations?.['helm.sh/resource-policy'], undefined);
  });

  test('another configuration makes other pods, the same one does not', async () => {
    const sum = async (values: object): Promise<unknown> => {
      return podTemplate(one(await render(values), 'Deployment')).metadata.annotations?.['checksum/config'];
    };
    assert.equal(await sum({}), await sum({ replicas: 1 }));
    assert.notEqual(await sum({}), await sum({ namespaces: ['media'] }));
  });

  test('never runs on the nodes of a configured virtual pool', async () => {
    const values = matrix['admission, whole cluster, rescue and pools'] ?? {};
    const [pod] = podsOf(await render(values));
    const [term] =
      pod?.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms ?? [];
    assert.ok(
      term?.matchExpressions.some(
        ({ key, values }) => key === 'example.com/pool' && values.includes('virtual'),
      ),
    );
  });

  test('makes nothing of Prometheus or Grafana that is not there', async () => {
    const objects = await render(matrix['everything that Prometheus and Grafana may have']);
    const has = (kind: string): boolean => objects.some((object) => object.kind === kind);
    assert.ok(has('ServiceMonitor') && has('PodMonitor'));
    assert.equal(has('PrometheusRule'), existsSync(`${chartDir}/files/rules.yaml`));
  });

  test('marks nothing of its own as a companion', async () => {
    for (const { metadata } of await render({ clusterWide: true })) {
      assert.notEqual(metadata.labels?.['app.kubernetes.io/managed-by'], 'spillway');
    }
  });
});

const withoutRescue = neededRights.filter(({ forRescue }) => forRescue === undefined);

async function granted(values: object): Promise<readonly string[]> {
  return sorted(rightsIn(ownRoles(installed(await render(values)))).map(lineOf));
}

function needed(
  { namespaces }: Pick<Places, 'namespaces'>,
  rights: readonly NeededRight[],
): readonly string[] {
  return sorted(written(rights, { release: releaseNamespace, lease: 'spillway', namespaces }).map(lineOf));
}
