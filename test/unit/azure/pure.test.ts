import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Capability, GroupView } from '../../../src/azure/arm.ts';
import { boundedBy, largestGroup } from '../../../src/azure/capability.ts';
import { isNoteworthy, startSeconds, tellGroup } from '../../../src/azure/group-state.ts';
import { servedBy } from '../../../src/azure/open.ts';
import { freshPace, turn } from '../../../src/azure/pace.ts';
import { judge } from '../../../src/act/eligibility/judge.ts';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { azureSchema, azureSettingsOf } from '../../../src/azure/settings.ts';
import { parseConfig } from '../../../src/config.ts';
import { ids } from '../../lab/azure/given.ts';

const capability = (more: Partial<Capability> = {}): Capability => ({
  osType: 'Linux',
  ipAddressType: 'Public',
  gpu: 'None',
  maxCores: 4,
  maxMemoryGb: 16,
  ...more,
});

describe('the largest group of a region', () => {
  test('is that of Linux without GPU, in a network of its own where that is told apart', () => {
    const windows = capability({ osType: 'Windows', maxCores: 64 });
    const gpu = capability({ gpu: 'V100', maxCores: 64 });
    assert.deepEqual(largestGroup([windows, gpu, capability()]), { cpu: 4, memoryGb: 16 });
    const own = capability({ ipAddressType: 'Private', maxCores: 2 });
    assert.deepEqual(largestGroup([capability(), own]), { cpu: 2, memoryGb: 16 });
    assert.equal(largestGroup([windows, gpu]), undefined);
  });

  test('makes larger templates ineligible with the number named, from the moment at which it is known', () => {
    const [pool] = defaultVirtualPools;
    assert.ok(pool !== undefined);
    let known: { cpu: number; memoryGb: number } | undefined;
    const bounded = boundedBy(pool, () => known);
    const template = {
      spec: {
        containers: [{ name: 'a', image: 'a:1', resources: { requests: { cpu: '5', memory: '1Gi' } } }],
      },
    };
    const tooLarge = () =>
      judge(template, bounded).find(({ code }) => code === 'TEMPLATE_TOO_LARGE')?.message;
    assert.equal(tooLarge(), undefined);
    known = { cpu: 4, memoryGb: 16 };
    assert.match(tooLarge() ?? '', /5 vCPU where 4 are the most/);
  });

  test('never lets more than what is configured', () => {
    const [pool] = defaultVirtualPools;
    assert.ok(pool !== undefined);
    const bounded = boundedBy({ ...pool, largestGroup: { cpu: 2, memoryGb: 64 } }, () => ({
      cpu: 4,
      memoryGb: 16,
    }));
    assert.deepEqual(bounded.largestGroup, { cpu: 2, memoryGb: 16 });
  });
});

const view = (more: Partial<GroupView> = {}): GroupView => ({
  name: 'media-a',
  pod: { uid: 'u', namespace: 'media', name: 'a', nodeName: 'aci', createdAtMs: 0 },
  cores: 1,
  memoryBytes: 1e9,
  provisioningState: 'Succeeded',
  state: 'Running',
  restarts: 0,
  runningSinceMs: 25_000,
  events: [],
  ...more,
});
const events = (...names: readonly string[]) =>
  names.map((name, index) => ({ name, type: 'Normal', count: 1, atMs: index }));

describe('a container group', () => {
  test('that runs is no news, and tells how long it took to start', () => {
    const told = tellGroup(view(), 60_000, 900);
    assert.deepEqual(told, {
      group: 'media-a',
      state: 'Running',
      restarts: 0,
      events: [],
      atMs: 60_000,
      cause: undefined,
    });
    assert.equal(isNoteworthy(told), false);
    assert.equal(startSeconds(view()), 25);
    assert.equal(startSeconds(view({ restarts: 1 })), undefined);
  });

  test('that is created for too long is stuck, and one without an image says so', () => {
    const creating = { provisioningState: 'Creating', state: '', runningSinceMs: undefined };
    const at = (seconds: number, names: readonly string[] = []) =>
      tellGroup(view({ ...creating, events: events(...names) }), seconds * 1000, 900);
    assert.equal(at(900).cause, undefined);
    assert.equal(at(901).cause, 'StuckCreating');
    assert.equal(at(901).state, 'Creating');
    assert.equal(at(901, ['Pulling', 'Failed', 'BackOff']).cause, 'Image');
    assert.deepEqual(at(901, ['Pulling', 'Failed', 'BackOff', 'BackOff']).events, [
      'BackOff',
      'BackOff',
      'Failed',
    ]);
    assert.equal(at(901, ['Pulling', 'Pulled', 'Failed']).cause, 'StuckCreating');
  });

  test('that Azure could not make has failed; one whose program ended badly has not', () => {
    const failed = { provisioningState: 'Failed', state: 'Failed', runningSinceMs: undefined };
    assert.equal(tellGroup(view(failed), 1000, 900).cause, 'Unknown');
    const ended = { state: 'Failed', runningSinceMs: undefined };
    assert.equal(tellGroup(view(ended), 1e9, 900).cause, undefined);
    assert.equal(isNoteworthy(tellGroup(view(ended), 1e9, 900)), true);
  });
});

test('the pace lets ten calls through at once and then one a second, however they come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 60 }), (gaps) => {
      let nowMs = 0;
      let pace = freshPace(0);
      const sentMs: number[] = [];
      for (const gap of gaps) {
        nowMs += gap;
        const next = turn(pace, nowMs);
        ({ pace } = next);
        sentMs.push(nowMs + next.waitMs);
      }
      sentMs.sort((a, b) => a - b);
      for (const [index, atMs] of sentMs.entries()) {
        const inTen = sentMs.slice(index).filter((each) => each < atMs + 10_000 - 1e-6).length;
        assert.ok(inTen <= 20, `${inTen} within ten seconds`);
      }
    }),
  );
});

describe('the settings', () => {
  const { subscriptionId, region, resourceGroup } = ids;
  const least = { subscriptionId, region, resourceGroup };

  test('need little, and know the clouds', () => {
    const settings = azureSettingsOf(azureSchema.parse(least));
    assert.equal(settings.cloud.endpoint, 'https://management.azure.com');
    assert.deepEqual(
      [settings.credential, settings.usageEverySeconds, settings.orphans, settings.whenUnknown],
      ['WorkloadIdentity', 60, 'report', 'Unlimited'],
    );
    const china = azureSettingsOf(azureSchema.parse({ ...least, cloud: 'AzureChina' }));
    assert.equal(china.cloud.audience, 'https://management.chinacloudapi.cn');
    assert.deepEqual(
      servedBy(settings, defaultVirtualPools).map(({ kind }) => kind),
      ['AksV2', 'AksAddon'],
    );
    assert.throws(
      () => servedBy({ ...settings, pool: 'virtual-kubelet' }, defaultVirtualPools),
      /azure\.pool/,
    );
  });

  test('are refused with the key that is wrong', () => {
    const parse = (azure: object) => () =>
      parseConfig(JSON.stringify({ azure }), 'spillway.yaml', defaultVirtualPools);
    assert.throws(parse({ ...least, region: 'West Europe' }), /azure\.region: write a region/);
    assert.throws(parse({ ...least, usageEverySeconds: 1 }), /azure\.usageEverySeconds/);
    assert.throws(parse({ ...least, staleAfterSeconds: 30 }), /azure\.staleAfterSeconds/);
    const cloud = { endpoint: 'http://arm', authorityHost: 'https://login', audience: 'https://arm' };
    assert.throws(parse({ ...least, cloud }), /azure\.cloud/);
    assert.equal(parseConfig('', 'spillway.yaml', defaultVirtualPools).azure, undefined);
  });
});
