import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { collectionPath, kinds } from '../../../src/cluster/resources.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';
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

test('nothing is granted that no code uses: no wildcards, no Secrets of the whole cluster, no pods to create', () => {
  const rules = installed.flatMap(({ rules = [] }) => rules);
  for (const { apiGroups, resources, verbs } of rules) {
    assert.ok(![...apiGroups, ...resources, ...verbs].includes('*'));
  }
  assert.deepEqual(granted('', 'secrets'), []);
  assert.deepEqual([...granted('', 'pods')].toSorted(), ['list', 'patch', 'watch']);
  assert.deepEqual([...granted('apps', 'deployments')].toSorted(), [
    'create',
    'delete',
    'get',
    'list',
    'patch',
    'watch',
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
