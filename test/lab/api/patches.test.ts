import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonPatch } from '../../../src/lab/api/json-patch.ts';
import { mergePatch } from '../../../src/lab/api/merge-patch.ts';
import { Refusal } from '../../../src/lab/api/refusal.ts';
import { afterUpdate, serverSideApply } from '../../../src/lab/api/server-side-apply.ts';
import { strategicPatch } from '../../../src/lab/api/strategic-patch.ts';

const about = { group: '', plural: 'pods', kind: 'Pod' };
const time = '2026-01-02T03:04:05Z';
const refusedWith = (code: number) => (error: unknown) => error instanceof Refusal && error.code === code;

test('a merge patch sets, merges and takes away (RFC 7386)', () => {
  const target = { a: { b: 1, c: 2 }, d: [1, 2], e: 3 };
  assert.deepEqual(mergePatch(target, { a: { b: null, x: 1 }, d: [3], e: null }), {
    a: { c: 2, x: 1 },
    d: [3],
  });
  assert.deepEqual(target, { a: { b: 1, c: 2 }, d: [1, 2], e: 3 });
});

test('a JSON patch does every operation (RFC 6902)', () => {
  const patch = [
    { op: 'test', path: '/a~1b', value: 1 },
    { op: 'add', path: '/list/1', value: 'new' },
    { op: 'add', path: '/list/-', value: 'last' },
    { op: 'replace', path: '/list/0', value: 'first' },
    { op: 'move', from: '/a~1b', path: '/moved' },
    { op: 'copy', from: '/moved', path: '/copied' },
    { op: 'remove', path: '/gone' },
  ];
  assert.deepEqual(jsonPatch({ 'a/b': 1, list: ['x', 'y'], gone: true }, patch), {
    list: ['first', 'new', 'y', 'last'],
    moved: 1,
    copied: 1,
  });
});

test('a JSON patch that does not fit is Invalid, one that is none is a bad request', () => {
  assert.throws(() => jsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }]), refusedWith(422));
  assert.throws(() => jsonPatch({}, [{ op: 'remove', path: '/a' }]), refusedWith(422));
  assert.throws(() => jsonPatch({ a: [] }, [{ op: 'add', path: '/a/1', value: 1 }]), refusedWith(422));
  for (const wrong of [{}, [{ path: '/a' }], [{ op: 'add', path: 'a' }], [{ op: 'turn', path: '/a' }]]) {
    assert.throws(() => jsonPatch({}, wrong), refusedWith(400));
  }
});

test('a strategic patch merges lists by their key and obeys its directives', () => {
  const containers = [
    { name: 'a', image: 'a:1', env: [{ name: 'X', value: '1' }] },
    { name: 'b', image: 'b:1' },
  ];
  const target = { spec: { containers, tolerations: [{ key: 'x' }] }, metadata: { finalizers: ['one'] } };
  const patched = strategicPatch(target, {
    metadata: { finalizers: ['two'], '$deleteFromPrimitiveList/finalizers': ['one'] },
    spec: {
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }],
      containers: [
        { name: 'a', env: [{ name: 'Y', value: '2' }] },
        { name: 'b', $patch: 'delete' },
        { name: 'c', image: 'c:1' },
      ],
      tolerations: [{ key: 'y' }],
    },
  });
  assert.deepEqual(patched, {
    metadata: { finalizers: ['two'] },
    spec: {
      containers: [
        { name: 'c', image: 'c:1' },
        {
          name: 'a',
          image: 'a:1',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
        },
      ],
      tolerations: [{ key: 'y' }],
    },
  });
  assert.deepEqual(strategicPatch({ a: { b: 1, c: 2 } }, { a: { $patch: 'replace', d: 3 } }), {
    a: { d: 3 },
  });
  assert.deepEqual(strategicPatch({ a: { b: 1, c: 2 } }, { a: { $retainKeys: ['c'], c: 3 } }), {
    a: { c: 3 },
  });
});

test('an applied configuration takes back what it no longer names, unless another manager owns it too', () => {
  const apply = (live: object | undefined, manager: string, data: object, force = false) =>
    serverSideApply(
      live as Parameters<typeof serverSideApply>[0],
      { metadata: { name: 'x' }, data },
      { manager, subresource: '', time, force, about },
    );
  const one = apply(undefined, 'one', { a: '1', b: '1' });
  const two = apply(one, 'two', { b: '1', c: '1' });
  assert.deepEqual(apply(two, 'one', {})['data'], { b: '1', c: '1' });
  assert.throws(() => apply(two, 'one', { c: '2' }), refusedWith(409));
  const forced = apply(two, 'one', { c: '2' }, true);
  assert.deepEqual(forced['data'], { b: '1', c: '2' });
  assert.deepEqual(apply(forced, 'two', { b: '1' })['data'], { b: '1', c: '2' });
  const edited = afterUpdate(
    two,
    { ...two, data: { a: '9', b: '1', c: '1' } },
    {
      manager: 'editor',
      subresource: '',
      time,
    },
  );
  assert.throws(() => apply(edited, 'one', { a: '1' }), refusedWith(409));
});

const dictionaryOf = <T>(keys: readonly string[], values: fc.Arbitrary<T>) =>
  fc.dictionary(fc.constantFrom(...keys), values, { noNullPrototype: true });
const texts = fc.constantFrom('1', '2');
const json = dictionaryOf(['a', 'b', 'data', 'labels'], fc.oneof(texts, dictionaryOf(['x', 'y'], texts)));

test('applying the same configuration twice changes nothing the second time', () => {
  fc.assert(
    fc.property(json, json, (live, config) => {
      const writer = { manager: 'one', subresource: '', time, force: true, about };
      const once = serverSideApply(live, config, writer);
      assert.deepEqual(serverSideApply(once, config, writer), once);
    }),
  );
});

test('a merge patch made of a whole object leads to its fields', () => {
  fc.assert(
    fc.property(json, json, (target, patch) => {
      const merged = mergePatch(target, patch) as Record<string, unknown>;
      assert.deepEqual(mergePatch(merged, patch), merged);
    }),
  );
});
