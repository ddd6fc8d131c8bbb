import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Group, GroupView } from '../../../src/azure/arm.ts';
import { ArmFailure } from '../../../src/azure/failure.ts';
import { givenWatch, poolPod, question, startMs, throttled } from './given.ts';

/** Opens the watch, which ends with the test, and lets the first looks pass. `Date` goes with the clock: the breaker reads it. */
async function open(t: TestContext, more: Parameters<typeof givenWatch>[0] = {}, mayWrite = () => true) {
  const scene = givenWatch(more);
  t.mock.timers.enable({ apis: ['Date'], now: startMs });
  const pass = async (seconds: number): Promise<void> => {
    for (let left = seconds; left > 0; left -= 30) {
      const step = Math.min(30, left);
      await scene.clock.pass(step * 1000);
      t.mock.timers.setTime(scene.clock.now());
    }
  };
  const opened = scene.watch.open(mayWrite);
  await scene.clock.pass(0);
  const close = async (): Promise<void> => {
    const closed = scene.watch.close();
    await scene.clock.pass(0);
    await closed;
  };
  t.after(close);
  return { ...scene, opened, pass, close };
}

test('the first usage is there when it is open; without one it is open after 5 s', async (t) => {
  const { watch, opened } = await open(t);
  await opened;
  assert.equal(watch.current(question()).freeQuota, 10);
  const late = givenWatch();
  late.arm.fails = () => 'hangs';
  const opening = late.watch.open(() => true);
  await late.clock.pass(5000);
  await opening;
  assert.deepEqual(late.watch.current(question()), {
    freeQuota: undefined,
    quota: { state: 'unknown' },
    quotaSeconds: 1,
  });
  const closing = late.watch.close();
  await late.clock.pass(0);
  await closing;
});

test('replicas that are asked for and not bound yet are charged, and bound ones that the usage has not', async (t) => {
  const { watch, pods, arm, pass } = await open(t);
  assert.equal(watch.current(question({ asked: 4, running: 0 })).freeQuota, 6);
  const young = { boundAtMs: startMs + 1000, running: false };
  pods.push(poolPod('a', young), poolPod('b', young));
  assert.equal(watch.current(question({ asked: 4, running: 2 })).freeQuota, 6);
  // Azure counts them now, and they were there before it was asked.
  arm.usages = [{ name: 'StandardCores', limit: 10, used: 2 }];
  pods.splice(0, 2, poolPod('a', { ...young, running: true }), poolPod('b', { ...young, running: true }));
  await pass(61);
  assert.equal(watch.current(question({ asked: 4, running: 2 })).freeQuota, 6);
});

test('the quota is told with its numbers, and says when to look again while it is scarce', async (t) => {
  const { watch } = await open(t);
  const { quota, quotaSeconds } = watch.current(question());
  assert.deepEqual(quota, {
    state: 'known',
    name: 'StandardCores',
    limit: 10,
    used: 0,
    free: 10,
    ageSeconds: 0,
  });
  assert.ok((quotaSeconds ?? 0) > 55 && (quotaSeconds ?? 0) <= 61);
});

test('a failed burst pod has the usage read at once, but a storm of them not more often than every 10 s', async (t) => {
  const { watch, arm, pass } = await open(t);
  const usages = () => arm.calls.filter(({ api }) => api === 'usage').length;
  await pass(20);
  assert.equal(usages(), 1);
  watch.failed();
  await pass(1);
  assert.equal(usages(), 2);
  for (let second = 0; second < 20; second += 1) {
    watch.failed();
    await pass(1);
  }
  assert.ok(usages() <= 4, String(usages()));
});

test('while ARM fails the last usage holds, and when it is too old the configured thing happens', async (t) => {
  for (const [whenUnknown, free] of [
    ['Unlimited', undefined],
    ['Hold', 0],
  ] as const) {
    const { watch, arm, pass, close } = await open(t, { whenUnknown });
    arm.fails = (api) => (api === 'usage' ? new ArmFailure('AZURE_FAILED', { status: 500 }) : undefined);
    await pass(590);
    assert.equal(watch.current(question()).freeQuota, 10);
    await pass(30);
    const { freeQuota, quota } = watch.current(question());
    assert.equal(freeQuota, free);
    assert.deepEqual(quota, { state: 'unknown', ageSeconds: 620 });
    arm.fails = () => undefined;
    await pass(700);
    assert.equal(watch.current(question()).freeQuota, 10);
    await close();
    t.mock.timers.reset();
  }
});

test('an empty usage is a failure, not a region without limits', async (t) => {
  const { watch, arm, pass, failures } = await open(t);
  arm.usages = [];
  await pass(120);
  assert.equal(watch.current(question()).freeQuota, 10);
  assert.ok(failures.includes('AZURE_FAILED'));
});

const view = (uid: string, more: Partial<GroupView> = {}): GroupView => ({
  name: `media-${uid}`,
  pod: { uid, namespace: 'media', name: uid, nodeName: 'virtual-node-aci-linux', createdAtMs: startMs },
  cores: 1,
  memoryBytes: 1e9,
  provisioningState: 'Succeeded',
  state: 'Running',
  restarts: 0,
  runningSinceMs: startMs + 25_000,
  events: [],
  ...more,
});
const asListed = ({ name, pod, cores, memoryBytes, provisioningState }: GroupView): Group => ({
  name,
  pod,
  cores,
  memoryBytes,
  provisioningState,
});

test('a start is measured once, and a stuck group is told with its pod and fails it', async (t) => {
  const { watch, arm, pods, started, pass } = await open(t);
  const stuck = view('b', { provisioningState: 'Creating', state: '', runningSinceMs: undefined });
  for (const one of [view('a'), stuck]) {
    arm.list.push(asListed(one));
    arm.views.set(one.name, one);
  }
  pods.push(poolPod('a'), poolPod('b', { running: false, ready: false }));
  await pass(301);
  assert.deepEqual(started, [25]);
  assert.equal(watch.failureOf('b'), undefined);
  await pass(900);
  assert.deepEqual(started, [25]);
  assert.equal(watch.failureOf('b'), 'StuckCreating');
  const groups = watch.current(question()).groups ?? [];
  assert.deepEqual(
    groups.map(({ pod, group, state }) => [pod, group, state]),
    [['b', 'media-b', 'Creating']],
  );
  // The group of a pod that runs by now is asked for once; that of one that does not, at each look.
  assert.ok(arm.calls.filter(({ api }) => api === 'group').length <= 1 + 4);
});

test('an orphan is told after two looks and deleted only when asked for, by the leader, with fresh caches', async (t) => {
  const only = async (more: object, mayWrite: () => boolean, fresh: boolean): Promise<readonly string[]> => {
    const { arm, pass, news, setFresh, close } = await open(t, { ...more }, mayWrite);
    const orphan = view('gone');
    arm.list.push(asListed(orphan));
    arm.views.set(orphan.name, orphan);
    setFresh(fresh);
    await pass(301);
    await pass(3600);
    await close();
    t.mock.timers.reset();
    assert.equal(arm.list.length, news.some(({ reason }) => reason === 'OrphanReaped') ? 0 : 1);
    const found = news.find(({ reason }) => reason === 'OrphanFound');
    assert.equal(found?.orphan.pricePerHour, found && 0.04);
    const reaped = news.find(({ reason }) => reason === 'OrphanReaped');
    if (found !== undefined && reaped !== undefined) {
      assert.ok(reaped.atMs - startMs >= 900_000);
      assert.ok(reaped.orphan.looks >= 2);
    }
    return news.map(({ reason }) => reason);
  };
  assert.deepEqual(await only({}, () => true, true), ['OrphanFound']);
  assert.deepEqual(await only({ orphans: 'reap' }, () => true, true), ['OrphanFound', 'OrphanReaped']);
  assert.deepEqual(await only({ orphans: 'reap' }, () => false, true), ['OrphanFound']);
  assert.deepEqual(await only({ orphans: 'reap' }, () => true, false), []);
});

test('an orphan whose name has become the group of another pod is not deleted', async (t) => {
  const { arm, pass, news } = await open(t, { orphans: 'reap' });
  const orphan = view('gone');
  arm.list.push(asListed(orphan));
  arm.views.set(orphan.name, view('another', { name: orphan.name }));
  await pass(3600);
  assert.deepEqual(
    news.map(({ reason }) => reason),
    ['OrphanFound'],
  );
  assert.equal(arm.calls.filter(({ api }) => api === 'deleteGroup').length, 0);
});

test('an orphan whose name a living pod has is told and not deleted', async (t) => {
  const { arm, pods, pass, news } = await open(t, { orphans: 'reap' });
  const orphan = view('gone');
  arm.list.push(asListed(orphan));
  arm.views.set(orphan.name, orphan);
  pods.push({ ...poolPod('again'), namespace: orphan.pod?.namespace ?? '', name: orphan.pod?.name ?? '' });
  await pass(3600);
  assert.deepEqual(
    news.map(({ reason }) => reason),
    ['OrphanFound'],
  );
});

test('usage is read though groups cannot be listed and a pod is starting', async (t) => {
  const { arm, pods, pass, watch } = await open(t);
  pods.push(poolPod('starting', { running: false }));
  arm.fails = (api) => (api === 'groups' ? new ArmFailure('AZURE_FORBIDDEN', { status: 403 }) : undefined);
  await pass(300);
  assert.ok(arm.calls.some(({ api }) => api === 'usage'));
  assert.ok(watch.told() !== undefined);
});

test('Retry-After is obeyed: nothing at all is sent before', async (t) => {
  const { arm, watch, pass } = await open(t);
  await pass(50);
  arm.fails = () => throttled(500);
  await pass(15);
  const sent = arm.calls.length;
  const lastMs = arm.calls.at(-1)?.atMs ?? 0;
  arm.fails = () => undefined;
  for (let minute = 0; minute < 8; minute += 1) {
    watch.failed();
    await pass(60);
  }
  assert.equal(arm.calls.length, sent);
  await pass(60);
  const next = arm.calls[sent];
  assert.ok((next?.atMs ?? 0) >= lastMs + 500_000);
});

test('three failures in a row open the breaker of that API alone, which is then asked less and less often', async (t) => {
  const { arm, calls, pass } = await open(t, { usageEverySeconds: 5, groupsEverySeconds: 5 });
  arm.fails = (api) => (api === 'usage' ? new ArmFailure('AZURE_FAILED', { status: 500 }) : undefined);
  await pass(3600);
  const usages = arm.calls.filter(({ api }) => api === 'usage').length;
  assert.ok(usages < 40, `${usages} in an hour`);
  assert.ok(arm.calls.filter(({ api }) => api === 'groups').length > 600);
  arm.fails = () => undefined;
  await pass(1200);
  assert.equal(calls.at(-1)?.outcome, 'ok');
  assert.ok(arm.calls.filter(({ api }) => api === 'usage').length > usages + 50);
});

test('a day of throttling loses nothing and deletes nothing wrong', { timeout: 60_000 }, async (t) => {
  const { arm, watch, pods, pass, news, calls } = await open(t, { orphans: 'reap' });
  const running = view('runs');
  const orphan = view('gone');
  for (const one of [running, orphan]) {
    arm.list.push(asListed(one));
    arm.views.set(one.name, one);
  }
  pods.push(poolPod('runs'));
  arm.usages = [{ name: 'StandardCores', limit: 10, used: 2 }];
  await pass(61);
  let turn = 0;
  // Of twenty calls one is let through; the others are told to wait for a minute or five.
  arm.fails = () => {
    turn += 1;
    return turn % 20 === 0 ? undefined : throttled(turn % 3 === 0 ? 300 : 60);
  };
  for (let hour = 0; hour < 24; hour += 1) {
    await pass(3600);
    const { freeQuota } = watch.current(question({ asked: 1, running: 1 }));
    assert.ok(freeQuota === undefined || freeQuota === 8, `hour ${hour}: ${freeQuota}`);
  }
  arm.fails = () => undefined;
  await pass(2000);
  assert.equal(watch.current(question({ asked: 1, running: 1 })).freeQuota, 8);
  assert.deepEqual(
    arm.list.map(({ name }) => name),
    ['media-runs'],
  );
  assert.deepEqual(
    news.map(({ reason }) => reason),
    ['OrphanFound', 'OrphanReaped'],
  );
  // A day of asking on schedule is 1728 calls; each that was sent and throttled waits for a minute at least.
  assert.ok(calls.length < 1728, String(calls.length));
});
