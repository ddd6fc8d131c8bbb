import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ContainerInstanceManagementClient } from '@azure/arm-containerinstance';
import type { Arm } from '../../../src/azure/arm.ts';
import { clientOptions, credentialOf } from '../../../src/azure/credential.ts';
import { ArmFailure } from '../../../src/azure/failure.ts';
import { sdkArm } from '../../../src/azure/sdk-arm.ts';
import { causeOfMessage } from '../../../src/limits/failure-cause.ts';
import { givenArm, givenGroup, givenState, ids } from './given.ts';

const signal = AbortSignal.timeout(60_000);

async function start(t: TestContext, more: Parameters<typeof givenArm>[2] = {}) {
  const state = givenState();
  const { fake, settings, environment } = await givenArm(t, state, more);
  const arm = sdkArm({ settings, environment, ca: fake.ca, now: Date.now });
  return { state, fake, settings, environment, arm };
}

async function failure(call: Promise<unknown>): Promise<ArmFailure> {
  const error: unknown = await call.then(
    () => assert.fail('it did not fail'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ArmFailure, String(error));
  return error;
}

test('usage and capabilities are read with a token of workload identity, and one token does for many calls', async (t) => {
  const { arm, fake } = await start(t);
  assert.deepEqual(await arm.usage(signal), [
    { name: 'ContainerGroups', limit: 100, used: 0 },
    { name: 'StandardCores', limit: 10, used: 0 },
  ]);
  const capabilities = await arm.capabilities(signal);
  assert.deepEqual(capabilities[1], {
    osType: 'Linux',
    ipAddressType: 'Private',
    gpu: 'None',
    maxCores: 31,
    maxMemoryGb: 240,
  });
  assert.equal(fake.tokens.given, 1);
});

test('groups are read page by page, without what their containers do; one group tells that', async (t) => {
  const { arm, fake, state } = await start(t, { pageSize: 2 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) state.list.push(givenGroup(name, { cores: 2, restarts: 3 }));
  state.list.push(givenGroup('f', { tags: { owner: 'somebody else' } }));
  const groups = await arm.groups(signal);
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `media-${name}`),
  );
  assert.equal(fake.calls.filter(({ api }) => api === 'groups').length, 3);
  assert.deepEqual(groups[0], {
    name: 'media-a',
    pod: {
      uid: 'uid-a',
      namespace: 'media',
      name: 'a',
      nodeName: 'virtual-node-aci-linux',
      createdAtMs: Date.parse('2026-01-02T03:04:05Z'),
    },
    cores: 2,
    memoryBytes: 1.5e9,
    provisioningState: 'Succeeded',
  });
  assert.equal(groups[5]?.pod, undefined);
  const view = await arm.group('media-a', signal);
  assert.equal(view?.state, 'Running');
  assert.equal(view.restarts, 3);
  assert.equal(view.runningSinceMs, Date.parse('2026-01-02T03:04:15Z'));
  assert.equal(await arm.group('media-nobody', signal), undefined);
});

test('a deletion is waited for, and one of a group that is gone is no failure', async (t) => {
  const { arm, fake, state } = await start(t);
  state.list.push(givenGroup('a'), givenGroup('b'));
  await arm.deleteGroup('media-a', signal);
  assert.deepEqual(
    state.list.map(({ name }) => name),
    ['media-b'],
  );
  assert.ok(fake.calls.filter(({ api }) => api === 'poll').length >= 2);
  await arm.deleteGroup('media-a', signal);
});

test('nothing is tried twice: a 429 comes out at once and says how long to wait', async (t) => {
  const { arm, fake } = await start(t);
  fake.fault = (api) => (api === 'usages' ? { status: 429, headers: { 'retry-after': '17' } } : undefined);
  const { code, retryAfterSeconds } = await failure(arm.usage(signal));
  assert.deepEqual([code, retryAfterSeconds], ['AZURE_THROTTLED', 17]);
  assert.equal(fake.calls.filter(({ api }) => api === 'usages').length, 1);
});

test('each way of failing has its code', async (t) => {
  const { arm, fake } = await start(t);
  const error = (code: string): string =>
    JSON.stringify({ error: { code, message: 'SECRET of the server' } });
  for (const [status, azureCode, expected] of [
    [403, 'AuthorizationFailed', 'AZURE_FORBIDDEN'],
    [404, 'ResourceGroupNotFound', 'AZURE_NOT_FOUND'],
    [404, 'SubscriptionNotFound', 'AZURE_NOT_FOUND'],
    [400, 'NoRegisteredProviderFound', 'AZURE_REGION_UNKNOWN'],
    [409, 'MissingSubscriptionRegistration', 'AZURE_NOT_REGISTERED'],
    [500, 'InternalServerError', 'AZURE_FAILED'],
    [503, 'ServerTimeout', 'AZURE_FAILED'],
  ] as const) {
    fake.fault = (api) => (api === 'groups' ? { status, text: error(azureCode) } : undefined);
    const found = await failure(arm.groups(signal));
    assert.equal(found.code, expected, azureCode);
    assert.equal(found.azureCode, azureCode);
    assert.doesNotMatch(JSON.stringify({ ...found, message: found.message, cause: found.cause }), /SECRET/);
  }
});

test('answers that are broken, cut or late are failures', async (t) => {
  const { arm, fake } = await start(t);
  const code = async (call: (arm: Arm) => Promise<unknown>): Promise<string> =>
    (await failure(call(arm))).code;
  await arm.usage(signal);
  fake.fault = () => ({ status: 200, text: '<html>a proxy</html>' });
  assert.match(await code((arm) => arm.usage(signal)), /^AZURE_(FAILED|UNREACHABLE)$/);
  fake.fault = () => ({
    status: 200,
    text: '{"value": [{"name": {"value": "StandardCores"}, "limit": "ten"}]}',
  });
  assert.deepEqual(await arm.usage(signal), []);
  fake.fault = () => ({ cut: true });
  assert.equal(await code((arm) => arm.usage(signal)), 'AZURE_UNREACHABLE');
  fake.fault = () => ({ delayMs: 30_000 });
  assert.equal(await code((arm) => arm.usage(AbortSignal.timeout(200))), 'AZURE_UNREACHABLE');
});

test('a token that is over, or for another audience, and an identity that nobody vouches for are refused', async (t) => {
  const { arm, fake, settings, environment } = await start(t);
  await arm.usage(signal);
  fake.tokens.expireAll();
  assert.equal((await failure(arm.usage(signal))).code, 'AZURE_UNAUTHORIZED');

  const cloud = { ...settings.cloud, audience: 'https://management.example.com' };
  const other = sdkArm({ settings: { ...settings, cloud }, environment, ca: fake.ca, now: Date.now });
  assert.equal((await failure(other.usage(signal))).code, 'AZURE_UNAUTHORIZED');

  const login = sdkArm({ settings, environment, ca: fake.ca, now: Date.now });
  fake.fault = (api) =>
    api === 'token'
      ? { status: 401, text: '{"error":"invalid_client","error_description":"SECRET"}' }
      : undefined;
  const found = await failure(login.usage(signal));
  assert.equal(found.code, 'AZURE_UNAUTHORIZED');
  assert.doesNotMatch(`${found.message}${found.stack}`, /SECRET/);
  fake.fault = (api) => (api === 'token' ? { status: 503 } : undefined);
  assert.equal((await failure(login.usage(signal))).code, 'AZURE_UNREACHABLE');
});

test('an unknown region says so, and an authority that is not trusted is not talked to', async (t) => {
  const { fake, settings, environment } = await start(t);
  const lost = sdkArm({
    settings: { ...settings, region: 'nowhere' },
    environment,
    ca: fake.ca,
    now: Date.now,
  });
  const found = await failure(lost.capabilities(signal));
  assert.equal(found.code, 'AZURE_REGION_UNKNOWN');
  assert.match(found.message, /nowhere/);
  const stranger = sdkArm({ settings, environment, now: Date.now });
  assert.equal((await failure(stranger.usage(signal))).code, 'AZURE_UNREACHABLE');
});

test('a client secret works too, and what is missing is named', async (t) => {
  const { fake, settings, environment } = await start(t);
  const secret = { ...settings, credential: 'ClientSecret' } as const;
  const arm = sdkArm({ settings: secret, environment, ca: fake.ca, now: Date.now });
  assert.equal((await arm.usage(signal)).length, 2);
  assert.throws(
    () => sdkArm({ settings: { ...secret, clientId: undefined }, environment: {}, now: Date.now }),
    /AZURE_CLIENT_ID/,
  );
  assert.throws(() => sdkArm({ settings, environment: {}, now: Date.now }), /AZURE_FEDERATED_TOKEN_FILE/);
});

test('both ways in which a group is refused are told apart by the cause of a failed pod', async (t) => {
  const { fake, settings, environment, state } = await start(t);
  const client = new ContainerInstanceManagementClient(
    credentialOf(settings, environment, fake.ca),
    ids.subscriptionId,
    { ...clientOptions(fake.ca), endpoint: fake.url, credentialScopes: `${fake.url}/.default` },
  );
  const create = async (): Promise<string> => {
    const resources = { requests: { cpu: 1, memoryInGB: 1 } };
    const group = { osType: 'Linux', containers: [{ name: 'a', image: 'a', resources }] };
    const answer = await client.containerGroups
      .beginCreateOrUpdate(ids.resourceGroup, 'media-a', group)
      .catch((error: unknown) => String(error));
    assert.equal(typeof answer, 'string');
    return String(answer);
  };
  state.otherUse = 10;
  assert.equal(causeOfMessage(await create()), 'Quota');
  state.otherUse = 0;
  fake.hasCapacity = false;
  assert.equal(causeOfMessage(await create()), 'Capacity');
});
