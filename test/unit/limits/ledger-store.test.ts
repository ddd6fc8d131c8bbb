import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isStatus } from '../../../src/cluster/api-error.ts';
import { emptyLedger, type Ledger } from '../../../src/limits/ledger.ts';
import { LedgerStore, ledgerName } from '../../../src/limits/ledger-store.ts';
import { charge, noSpend } from '../../../src/limits/spend.ts';
import { type LabCluster, startLabCluster } from '../../lab/api/lab-cluster.ts';
import { startMs } from '../decide/given.ts';

const hourMs = 3_600_000;
const ledger = (hours: number): Ledger => ({
  ...emptyLedger,
  spend: charge(charge(noSpend, startMs, new Map([['media/a', 2]])), startMs + hours * hourMs, new Map()),
});

interface ConfigMap {
  readonly metadata: { readonly resourceVersion: string };
  readonly data: Readonly<Record<string, string>>;
}

describe('the ledger in the cluster', () => {
  let lab: LabCluster;
  before(async () => {
    lab = await startLabCluster();
  });
  after(() => lab.close());

  const path = `/api/v1/namespaces/default/configmaps/${ledgerName}`;
  const read = async (): Promise<ConfigMap> => (await lab.client.request('GET', path)) as ConfigMap;
  const write = async (text: string): Promise<void> => {
    const { metadata } = await read();
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ledger.json': text } };
    await lab.client.request('PUT', path, { body });
  };
  const store = (holds = true): LedgerStore =>
    new LedgerStore({ client: lab.client, fence: { holds: () => holds }, namespace: 'default' });
  const remove = (): Promise<unknown> =>
    lab.client.request('DELETE', path).catch((error: unknown) => assert.ok(isStatus(error, 404)));

  test('is empty at first, and is found by whoever leads next', async () => {
    await remove();
    const first = store();
    assert.deepEqual(await first.load(startMs), { ledger: emptyLedger, unreadable: false });
    assert.equal(await first.save(ledger(1)), 'saved');
    assert.equal(await first.save(ledger(2)), 'saved');
    assert.deepEqual((await store().load(startMs)).ledger, ledger(2));
  });

  test('is never overwritten by who does not know the latest', async () => {
    await remove();
    const [older, newer] = [store(), store()];
    await older.load(startMs);
    await newer.load(startMs);
    assert.equal(await newer.save(ledger(2)), 'saved');
    assert.equal(await older.save(ledger(1)), 'changed');
    await newer.load(startMs);
    await older.load(startMs);
    assert.equal(await newer.save(ledger(3)), 'saved');
    assert.equal(await older.save(ledger(1)), 'changed');
    assert.deepEqual((await older.load(startMs)).ledger, ledger(3));
    await remove();
    assert.equal(await older.save(ledger(1)), 'changed', 'a person took it away');
  });

  test('is not written without the lease', async () => {
    await remove();
    const fenced = store(false);
    await fenced.load(startMs);
    assert.equal(await fenced.save(ledger(1)), 'fenced');
    await assert.rejects(read(), (error: unknown) => isStatus(error, 404));
  });

  for (const [what, text] of [
    ['damaged', '{"version":1,"spend"'],
    ['of a newer version', '{"version":2,"everything":{}}'],
  ] as const) {
    test(`that is ${what} is kept aside, and what was spent is not known for a day`, async () => {
      await remove();
      const first = store();
      await first.load(startMs);
      await first.save(ledger(1));
      await write(text);
      const next = store();
      const loaded = await next.load(startMs);
      assert.equal(loaded.unreadable, true);
      assert.deepEqual(loaded.ledger, { ...emptyLedger, spendUnknownUntilMs: startMs + 24 * hourMs });
      assert.equal(await next.save(loaded.ledger), 'saved');
      assert.equal((await read()).data['unreadable-ledger.txt'], text);
      const later = store();
      assert.deepEqual(await later.load(startMs), { ledger: loaded.ledger, unreadable: false });
      await later.save(loaded.ledger);
      assert.equal((await read()).data['unreadable-ledger.txt'], text, 'kept by the next leader too');
    });
  }
});
