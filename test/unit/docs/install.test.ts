import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeCall } from '../../../src/cluster/call.ts';
import { collectionPath, kinds } from '../../../src/cluster/resources.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';
import { ledgerName } from '../../../src/limits/ledger-store.ts';
import { objectsIn } from '../../docs/pages.ts';

/** As much of the objects in docs/examples/install.yaml as is looked at. */
interface Installed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly name: string; readonly namespace: string }[];
  readonly data?: Readonly<Record<string, string>>;
}

const file = 'docs/examples/install.yaml';
const installed = objectsIn(readFileSync(file, 'utf8'), file).map(({ value }) => value as Installed);
const clusterRole = installed.find(({ kind }) => kind === 'ClusterRole');

function granted(group: string, resource: string): readonly string[] {
  return (clusterRole?.rules ?? [])
    .filter(({ apiGroups, resources }) => apiGroups.includes(group) && resources.includes(resource))
    .flatMap(({ verbs }) => verbs);
}

test('everything that is followed may be listed and watched', () => {
  for (const kind of kinds) {
    const [, base, group = '', , resource = ''] = collectionPath(kind).split('/');
    const verbs =
      base === 'api' ? granted('', collectionPath(kind).split('/')[3] ?? '') : granted(group, resource);
    assert.ok(verbs.includes('list') && verbs.includes('watch'), kind);
  }
});

test('what autoscalers and virtual nodes tell may be read, and node Leases not listed', () => {
  for (const resource of ['nodeclaims', 'nodepools']) {
    assert.deepEqual(granted('karpenter.sh', resource), ['list', 'watch'], resource);
  }
  const role = installed.find(
    ({ kind, metadata: { namespace } }) => kind === 'Role' && namespace === 'kube-node-lease',
  );
  assert.deepEqual(role?.rules, [
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get'] },
  ]);
});

test('nothing is granted that no code uses: no wildcards, no Secrets of the whole cluster, no pods to create', () => {
  const rules = installed.flatMap(({ rules = [] }) => rules);
  for (const { apiGroups, resources, verbs } of rules) {
    assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'));
  }
  assert.deepEqual(granted('', 'secrets'), []);
  assert.deepEqual([...granted('', 'pods')].toSorted(), ['delete', 'list', 'patch', 'watch']);
  assert.deepEqual([...granted('spillway.dev', 'burstpolicies')].toSorted(), ['list', 'patch', 'watch']);
  assert.deepEqual([...granted('apps', 'deployments')].toSorted(), [
    'create',
    'delete',
    'get',
    'list',
    'patch',
    'watch',
  ]);
});

test('what Rescue needs more is there to be chosen, and is all that is commented out of the rules', () => {
  const text = readFileSync(file, 'utf8');
  const hidden = [...text.matchAll(/^ {2}# ( *(?:- )?(?:apiGroups|resources|verbs): .*)$/gm)].map(
    ([, line]) => line ?? '',
  );
  const [rules] = objectsIn(hidden.join('\n'), file).map(({ value }) => value);
  assert.deepEqual(rules, [{ apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] }]);
  const { verb, resource } = describeCall('POST', '/api/v1/namespaces/media/pods/worker/eviction');
  assert.deepEqual([resource, verb], ['pods/eviction', 'create']);
});

test('the ledger may be made, read and written, by its name alone', () => {
  const rules = installed.find(
    ({ kind, metadata }) => kind === 'Role' && metadata.name === ledgerName,
  )?.rules;
  assert.deepEqual(rules, [
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: [ledgerName], verbs: ['get', 'update'] },
  ]);
});

test('every binding names a role and an account that are there', () => {
  const bindings = installed.filter(({ roleRef }) => roleRef !== undefined);
  assert.ok(bindings.length >= 3);
  for (const { metadata, roleRef, subjects = [] } of bindings) {
    const role = installed.find(
      ({ kind, metadata: { name, namespace } }) =>
        kind === roleRef?.kind && name === roleRef.name && namespace === metadata.namespace,
    );
    assert.ok(role !== undefined, `${metadata.name}: role`);
    for (const subject of subjects) {
      const account = installed.find(
        ({ kind, metadata: { name, namespace } }) =>
          kind === 'ServiceAccount' && name === subject.name && namespace === subject.namespace,
      );
      assert.ok(account !== undefined, `${metadata.name}: account`);
    }
  }
});

test('the configuration in the ConfigMap is accepted', () => {
  const text = installed.find(({ kind }) => kind === 'ConfigMap')?.data?.['spillway.yaml'] ?? '';
  assert.equal(parseConfig(text, file, defaultVirtualPools).http.port, 8080);
});
