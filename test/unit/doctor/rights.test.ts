import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { collectionPath, kinds } from '../../../src/cluster/resources.ts';
import { type NeededRight, neededRights, type Where } from '../../../src/commands/doctor/needed-rights.ts';
import { objectsIn } from '../../docs/pages.ts';

interface Role {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string };
  readonly rules?: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }[];
}

const file = 'docs/examples/install.yaml';
const text = readFileSync(file, 'utf8');

/** `spillway configmaps spillway-ledger get`: one for each verb. Rules that are commented out for Rescue are in force here. */
function grantedIn(yaml: string): ReadonlySet<string> {
  const granted = objectsIn(yaml, file).flatMap(({ value }) => {
    const { kind, metadata, rules = [] } = value as Role;
    if (kind !== 'ClusterRole' && kind !== 'Role') return [];
    return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) =>
            resourceNames.map((name) =>
              line(metadata.namespace ?? 'everywhere', group, resource, name, verb),
            ),
          ),
        ),
      ),
    );
  });
  return new Set(granted);
}

function line(place: string, group: string, resource: string, name: string, verb: string): string {
  return [place, `${group}/${resource}`, name, verb].join(' ');
}

const places: Readonly<Record<Where, string>> = {
  cluster: 'everywhere',
  policies: 'everywhere',
  spillway: 'spillway',
  'kube-system': 'kube-system',
  'kube-node-lease': 'kube-node-lease',
};

function needed({ where, group, resource, name, verbs }: NeededRight): readonly string[] {
  const named = name === 'lease' ? 'spillway' : (name ?? '');
  return verbs.map((verb) => line(places[where], group, resource, named, verb));
}

test('the manifest grants exactly what the doctor asks for, with the rule for Rescue in force', () => {
  const withRescue = text.replaceAll(/^( {2})# ( *(?:- )?(?:apiGroups|resources|verbs): .*)$/gm, '$1$2');
  const wanted = new Set(neededRights.flatMap(needed));
  assert.deepEqual([...grantedIn(withRescue)].toSorted(), [...wanted].toSorted());
});

test('without that rule only what Rescue needs is missing', () => {
  const granted = grantedIn(text);
  const missing = neededRights.filter((right) => needed(right).some((one) => !granted.has(one)));
  assert.deepEqual(
    missing.map(({ forRescue }) => forRescue),
    [true],
  );
});

test('docs/permissions.md says what each right is for', () => {
  const page = readFileSync('docs/permissions.md', 'utf8');
  const rows = page.split('\n').filter((row) => row.startsWith('| '));
  for (const { group, resource, verbs } of neededRights) {
    const short =
      group === 'events.k8s.io' || group === ''
        ? [resource, `${group}/${resource}`]
        : [`${group}/${resource}`];
    const about = rows.filter((row) => short.some((name) => row.includes(`\`${name}\``)));
    for (const verb of verbs) {
      assert.ok(
        about.some((row) => new RegExp(`\\b${verb}\\b`).test(row)),
        `${verb} ${resource}`,
      );
    }
  }
});

test('whatever the controller follows is among the rights', () => {
  for (const kind of kinds) {
    const parts = collectionPath(kind).split('/');
    const [group, resource] = parts[1] === 'api' ? ['', parts[3]] : [parts[2], parts[4]];
    const rights = neededRights.filter((right) => right.group === group && right.resource === resource);
    const verbs = new Set(rights.flatMap((right) => right.verbs));
    assert.ok(verbs.has('list') && verbs.has('watch'), kind);
  }
});
