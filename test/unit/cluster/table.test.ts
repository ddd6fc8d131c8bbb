import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlimObject } from '../../../src/cluster/slim.ts';
import { Table } from '../../../src/cluster/table.ts';

interface Thing extends SlimObject {
  readonly color: string | undefined;
}

function thing(name: string, version: number, color?: string): Thing {
  return { key: `ns/${name}`, namespace: 'ns', name, uid: name, resourceVersion: String(version), color };
}

function table(): { things: Table<Thing, 'color'>; changes: string[] } {
  const changes: string[] = [];
  const things = new Table<Thing, 'color'>({ color: ({ color }) => color }, ({ type, object, previous }) =>
    changes.push(
      `${type} ${object.name}@${object.resourceVersion} was ${previous?.resourceVersion ?? 'nothing'}`,
    ),
  );
  return { things, changes };
}

const told = (type: 'added' | 'modified' | 'deleted', object: Thing, version = object.resourceVersion) =>
  ({ type, object, resourceVersion: version }) as const;

test('indexes follow an object as it changes and goes', () => {
  const { things } = table();
  things.take(told('added', thing('a', 1, 'red')));
  things.take(told('added', thing('b', 2, 'red')));
  things.take(told('modified', thing('a', 3, 'blue')));
  assert.deepEqual(
    things.by('color', 'red').map(({ name }) => name),
    ['b'],
  );
  assert.deepEqual(
    things.by('color', 'blue').map(({ name }) => name),
    ['a'],
  );
  things.take(told('deleted', thing('a', 4, 'blue')));
  assert.deepEqual(things.by('color', 'blue'), []);
  assert.equal(things.size, 1);
});

test('an own write is seen at once, and an older watch event does not undo it', () => {
  const { things, changes } = table();
  things.take(told('added', thing('a', 5)));
  assert.equal(things.applied(thing('a', 9)), true);
  things.take(told('modified', thing('a', 7)));
  things.take(told('modified', thing('a', 9)));
  assert.equal(things.get('ns/a')?.resourceVersion, '9');
  things.take(told('modified', thing('a', 10)));
  assert.deepEqual(changes, ['added a@5 was nothing', 'modified a@9 was 5', 'modified a@10 was 9']);
});

test('an answer that is older than what is known changes nothing', () => {
  const { things } = table();
  things.take(told('added', thing('a', 10)));
  assert.equal(things.applied(thing('a', 9)), false);
  assert.equal(things.get('ns/a')?.resourceVersion, '10');
});

test('an object made by an own write outlives a listing from before it, and not one from after', () => {
  const { things } = table();
  things.applied(thing('a', 20));
  things.take({ type: 'listed', resourceVersion: '15' });
  assert.equal(things.size, 1);
  things.take({ type: 'listed', resourceVersion: '25' }, 'elsewhere');
  assert.equal(things.size, 1);
  things.take({ type: 'listed', resourceVersion: '25' }, 'ns');
  assert.equal(things.size, 0);
});

test('the deletion of an older object does not take the one that was made again under its name', () => {
  const { things } = table();
  things.take(told('added', thing('a', 5)));
  things.applied(thing('a', 30));
  things.take(told('deleted', thing('a', 5), '28'));
  assert.equal(things.get('ns/a')?.resourceVersion, '30');
  things.take(told('deleted', thing('a', 30), '31'));
  assert.equal(things.size, 0);
});
