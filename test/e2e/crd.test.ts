import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { BurstPolicy } from '../../src/policy/schema.ts';
import { kubectlOrThrow } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { changeCases, smallest, specCases, wholeStatus } from '../unit/policy/specs.ts';
import { type Answer, messageOf } from './api.ts';
import { namespace, type Scene, startScene } from './scene.ts';

const path = `/apis/spillway.dev/v1alpha1/namespaces/${namespace}/burstpolicies`;

describe('the BurstPolicy of a real API server', () => {
  let scene: Scene;
  before(async () => {
    scene = await startScene({ vmNodes: 0 });
  });
  after(() => scene?.close());

  const create = (name: string, spec: object, query = ''): Promise<Answer> =>
    scene.api.call('POST', `${path}${query}`, {
      apiVersion: 'spillway.dev/v1alpha1',
      kind: 'BurstPolicy',
      metadata: { name, namespace },
      spec,
    });

  for (const { name, spec, valid, mentions = '' } of specCases) {
    test(`${valid ? 'accepts' : 'refuses'} ${name}`, async () => {
      const answer = await create('policy', spec, '?dryRun=All');
      expectVerdict(answer, valid, mentions);
    });
  }

  for (const [index, { name, before, after, valid, mentions = '' }] of changeCases.entries()) {
    test(`${valid ? 'accepts' : 'refuses'} a change: ${name}`, async () => {
      const created = await create(`change-${index}`, before);
      assert.equal(created.status, 201, messageOf(created));
      const { metadata } = created.body as BurstPolicy;
      const changed = { ...(created.body as BurstPolicy), metadata, spec: after };
      expectVerdict(await scene.api.call('PUT', `${path}/change-${index}`, changed), valid, mentions);
    });
  }

  test('fills in the defaults', async () => {
    const { body } = await create('defaults', smallest, '?dryRun=All');
    const { spec } = body as { spec: { suspend: boolean; burst: Record<string, unknown> } };
    assert.equal(spec.suspend, false);
    assert.equal(spec.burst['strategy'], 'Companion');
    assert.equal(spec.burst['vmPool'], 'Grow');
  });

  test('keeps a status with every field as it is, and only by way of its subresource', async () => {
    const created = (await create('with-status', smallest)).body as BurstPolicy;
    const written = await scene.api.call('PUT', `${path}/with-status/status`, {
      ...created,
      status: wholeStatus,
    });
    assert.equal(written.status, 200, messageOf(written));
    const { body } = await scene.api.call('PUT', `${path}/with-status`, {
      ...(written.body as BurstPolicy),
      status: {},
    });
    assert.deepEqual((body as BurstPolicy).status, wholeStatus);
  });

  test('shows target, demand, VM, burst, why and age in kubectl get bp', async () => {
    const columns = async (options: string): Promise<string> =>
      (await scene.kubectl(`get bp -n ${namespace}${options}`)).split('\n', 1)[0]?.trim() ?? '';
    assert.deepEqual((await columns('')).split(/\s+/), [
      'NAME',
      'TARGET',
      'DEMAND',
      'VM',
      'BURST',
      'WHY',
      'AGE',
    ]);
    assert.match(await columns(' -o wide'), /JOBS\s+RUNNING$/);
  });

  test('is explained by kubectl explain, field by field', async () => {
    assert.match(
      await scene.kubectl('explain burstpolicy.spec.burst.strategy'),
      /Companion: a second Deployment/,
    );
    assert.match(
      await scene.kubectl('explain bp.spec.scaling.sources.drainWithin'),
      /FIELD: drainWithin <string>/,
    );
  });

  describe('through the aggregated roles', () => {
    before(async () => {
      await scene.kubectl('apply -f charts/spillway/files/aggregated-roles.yaml');
      await scene.apply(...['view', 'edit', 'admin'].map((role) => binding(role)));
      // The controller-manager adds the rules to the roles of the cluster.
      await waitFor('the roles to be aggregated', async () => {
        const roles = await Promise.all(
          ['view', 'edit', 'admin'].map((role) => scene.kubectl(`get clusterrole ${role} -o json`)),
        );
        return roles.every((role) => role.includes('burstpolicies'));
      });
    });

    test('lets who may view a namespace read its policies, and no more', async () => {
      assert.deepEqual(await may('view'), { list: true, create: false, delete: false, writeStatus: false });
    });

    for (const role of ['edit', 'admin']) {
      test(`lets who may ${role} a namespace write its policies, but not their status`, async () => {
        assert.deepEqual(await may(role), { list: true, create: true, delete: true, writeStatus: false });
      });
    }

    test('really lets a viewer list and an editor create', async () => {
      const as = async (user: string, ...args: string[]): Promise<string> => {
        const kubeconfig = await scene.cluster.kubeconfigFor({ user });
        return kubectlOrThrow(scene.cluster.kubectl, [
          `--kubeconfig=${kubeconfig}`,
          '-n',
          namespace,
          ...args,
        ]);
      };
      assert.match(await as('user-view', 'get', 'bp'), /with-status/);
      await assert.rejects(as('user-view', 'delete', 'bp', 'with-status'), /forbidden/);
      assert.match(await as('user-edit', 'delete', 'bp', 'with-status'), /deleted/);
    });

    async function may(role: string): Promise<Record<string, boolean>> {
      const can = async (verb: string, subresource = ''): Promise<boolean> => {
        const args = [
          'auth',
          'can-i',
          verb,
          'burstpolicies.spillway.dev',
          '-n',
          namespace,
          '--as',
          `user-${role}`,
        ];
        const { stdout } = await scene.cluster.kubectl([
          ...args,
          ...(subresource ? ['--subresource', subresource] : []),
        ]);
        return stdout.trim() === 'yes';
      };
      return {
        list: await can('list'),
        create: await can('create'),
        delete: await can('delete'),
        writeStatus: await can('update', 'status'),
      };
    }
  });
});

/** The user `user-<role>` has the role in the namespace. */
function binding(role: string): object {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: role, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: `user-${role}` }],
  };
}

function expectVerdict(answer: Answer, valid: boolean, mentions: string): void {
  const message = messageOf(answer);
  if (valid) {
    assert.ok(answer.status < 300, `${answer.status}: ${message}`);
    return;
  }
  assert.ok(answer.status === 422 || answer.status === 400, `${answer.status}: ${message}`);
  assert.ok(message.includes(mentions), `"${mentions}" is not in: ${message}`);
}
