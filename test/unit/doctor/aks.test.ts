import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addOnCommands, aksOf, newClusterCommands } from '../../../src/commands/doctor/aks.ts';
import { supported } from '../../../src/commands/doctor/checks/api-server.ts';
import type { DoctorNode } from '../../../src/commands/doctor/raw.ts';
import { exitCodeOf, render } from '../../../src/commands/doctor/render.ts';
import { kubernetesVersion } from '../../cluster/versions.ts';

function node(group: string, labels: Readonly<Record<string, string>> = {}): DoctorNode {
  const id = `azure:///subscriptions/1111-22/resourceGroups/${group.toLowerCase()}/providers/Microsoft.Compute/x/0`;
  return {
    metadata: {
      name: 'aks-0',
      labels: {
        'kubernetes.azure.com/cluster': group,
        'topology.kubernetes.io/region': 'westeurope',
        ...labels,
      },
    },
    spec: { providerID: id },
  };
}

describe('the names of an AKS cluster', () => {
  test('come from the labels and the providerID of its nodes', () => {
    const names = aksOf([node('MC_shop-rg_media_westeurope')]);
    assert.deepEqual(names, {
      subscription: '1111-22',
      resourceGroup: 'shop-rg',
      cluster: 'media',
      region: 'westeurope',
      nodeResourceGroup: 'MC_shop-rg_media_westeurope',
      vnet: undefined,
    });
  });

  test('are placeholders where they cannot be told apart, with the command that tells them', () => {
    for (const group of ['MC_shop_rg_media_westeurope', 'nodes-of-media']) {
      const names = aksOf([node(group)]);
      assert.ok(names !== undefined);
      assert.deepEqual([names.resourceGroup, names.cluster], ['<resource-group>', '<cluster>']);
      assert.match(
        addOnCommands(names),
        new RegExp(`az aks list --query "\\[\\?nodeResourceGroup=='${group}'`),
      );
    }
  });

  test('of a VNet that somebody brought are in the commands too', () => {
    const brought = {
      'kubernetes.azure.com/network-name': 'hub',
      'kubernetes.azure.com/network-resourcegroup': 'net-rg',
    };
    const names = aksOf([node('MC_a_b_westeurope', brought)]);
    assert.ok(names !== undefined);
    assert.match(addOnCommands(names), /VNET=hub\n.*subnet create --resource-group net-rg/);
    assert.match(newClusterCommands(names), /--name b-cni --location westeurope --network-plugin azure/);
  });

  test('are none where nodes are of somebody else', () => {
    assert.equal(aksOf([{ metadata: { name: 'kind' }, spec: { providerID: 'kind://x' } }]), undefined);
    assert.equal(aksOf([]), undefined);
  });
});

test('the tested version of Kubernetes is that of the control plane of the tests', () => {
  assert.match(kubernetesVersion(), new RegExp(`^v1\\.${supported.tested}\\.`));
});

test('the checklist has headings, marks and remedies, and nothing in it steers a terminal', () => {
  const findings = [
    { id: 'a', group: 'One', state: 'ok', sentence: 'Good.', remedy: undefined },
    { id: 'b', group: 'Two', state: 'fail', sentence: 'Bad\u001b[2J.', remedy: 'Do this.\nThen that.' },
    { id: 'c', group: 'One', state: 'warn', sentence: 'So.', remedy: 'Look.' },
  ] as const;
  assert.deepEqual(render(findings), [
    'One',
    '  [ok]   Good. (a)',
    '  [warn] So. (c)',
    '         Look.',
    '',
    'Two',
    '  [FAIL] Bad [2J. (b)',
    '         Do this.',
    '         Then that.',
    '',
    '1 ok, 1 warning, 1 failure, 0 skipped',
  ]);
  assert.deepEqual([exitCodeOf(findings), exitCodeOf(findings.slice(0, 1))], [1, 0]);
});
