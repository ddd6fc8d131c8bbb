import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { Interner } from '../../../src/cluster/intern.ts';
import { Reflector } from '../../../src/cluster/reflector.ts';
import type { ReflectorEvent, ReflectorTuning } from '../../../src/cluster/reflector-options.ts';
import type { SlimObject } from '../../../src/cluster/slim.ts';
import { identity } from '../../../src/cluster/slimming.ts';
import { type Asked, json, line, refusal, type Script, scriptedServer } from './api-server.ts';

const interner = new Interner();
const hurried: Partial<ReflectorTuning> = {
  listing: 'pages',
  stallSeconds: 5,
  listStallSeconds: 5,
  absentSeconds: 0.02,
  backoff: { firstMs: 5, maxMs: 20 },
};

function thing(name: string, version: number): unknown {
  return { metadata: { name, namespace: 'ns', uid: `uid-${name}`, resourceVersion: String(version) } };
}

function bookmark(version: number, annotations = {}): string {
  return line('BOOKMARK', { metadata: { resourceVersion: String(version), annotations } });
}

const endOfList = { 'k8s.io/initial-events-end': 'true' };

/** Answers lists and watches in turn, each by the next of its scripts; the last one stays. */
function inTurn(lists: readonly Script[], watches: readonly Script[]): Script {
  let list = 0;
  let watch = 0;
  return (asked, response) => {
    const watching = asked.query.get('watch') === 'true';
    const scripts = watching ? watches : lists;
    const script = scripts[Math.min(watching ? watch++ : list++, scripts.length - 1)];
    script?.(asked, response);
  };
}

const items =
  (version: number, ...objects: unknown[]): Script =>
  (_, response) =>
    json(response, { metadata: { resourceVersion: String(version) }, items: objects });
const says =
  (...lines: string[]): Script =>
  (_, response) =>
    void response.write(lines.join(''));
const saysAndEnds =
  (...lines: string[]): Script =>
  (_, response) =>
    void response.end(lines.join(''));
const refuses =
  (code: number, reason: string): Script =>
  (_, response) =>
    json(response, refusal(code, reason), code);

interface Following {
  readonly told: readonly string[];
  readonly problems: readonly unknown[];
  readonly asked: readonly Asked[];
  readonly reflector: Reflector<SlimObject>;
  /** Resolves when this has been told (from the beginning on). */
  readonly until: (text: string) => Promise<void>;
}

async function following(
  script: Script,
  body: (following: Following) => Promise<void>,
  options: { tuning?: Partial<ReflectorTuning>; onEvent?: (event: ReflectorEvent<SlimObject>) => void } = {},
): Promise<void> {
  const server = await scriptedServer(script);
  const told: string[] = [];
  const problems: unknown[] = [];
  const waiting = new Map<string, () => void>();
  const reflector = new Reflector<SlimObject>({
    client: server.client,
    clock: systemClock,
    path: '/api/v1/things',
    slim: (raw) => identity(raw.metadata ?? {}, interner),
    onEvent: (event) => {
      const text =
        event.type === 'listed'
          ? `listed@${event.resourceVersion}`
          : `${event.type} ${event.object.name}@${event.resourceVersion}`;
      told.push(text);
      waiting.get(text)?.();
      options.onEvent?.(event);
    },
    onProblem: (error) => problems.push(error),
    tuning: { ...hurried, ...options.tuning },
  });
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  try {
    await body({
      told,
      problems,
      asked: server.asked,
      reflector,
      async until(text) {
        if (told.includes(text)) return;
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.set(text, resolve);
        await promise;
      },
    });
  } finally {
    stop.abort();
    await running;
    await server.close();
  }
}

test('lists page by page, then watches from the version of the list', async () => {
  const script: Script = (asked, response) => {
    if (asked.query.get('watch') === 'true') return void response.write(line('ADDED', thing('c', 12)));
    const next = asked.query.get('continue');
    json(response, {
      metadata: { resourceVersion: '10', ...(next === null ? { continue: 'more' } : {}) },
      items: [next === null ? thing('a', 3) : thing('b', 4)],
    });
  };
  await following(script, async ({ told, asked, reflector, until }) => {
    await reflector.synced;
    await until('added c@12');
    assert.deepEqual(told, ['added a@3', 'added b@4', 'listed@10', 'added c@12']);
    assert.equal(asked[0]?.query.get('limit'), '500');
    const watch = asked[2]?.query;
    assert.equal(watch?.get('resourceVersion'), '10');
    assert.equal(watch?.get('allowWatchBookmarks'), 'true');
    const seconds = Number(watch?.get('timeoutSeconds'));
    assert.ok(seconds >= 240 && seconds <= 480);
    assert.equal(reflector.state, 'watching');
    assert.equal(reflector.restarts, 0);
    assert.ok(reflector.ageSeconds() < 5);
  });
});

test('lists by one stream where the server can, and goes on watching on it', async () => {
  const script = says(
    line('ADDED', thing('a', 3)),
    line('ADDED', thing('b', 4)),
    bookmark(10, endOfList),
    line('MODIFIED', thing('a', 11)),
  );
  const tuning = { listing: 'stream' } as const;
  await following(
    script,
    async ({ told, asked, until }) => {
      await until('modified a@11');
      assert.deepEqual(told, ['added a@3', 'added b@4', 'listed@10', 'modified a@11']);
      assert.equal(asked.length, 1);
      assert.equal(asked[0]?.query.get('sendInitialEvents'), 'true');
      assert.equal(asked[0]?.query.get('resourceVersionMatch'), 'NotOlderThan');
    },
    { tuning },
  );
});

test('falls back to pages where streaming lists are refused, and where they are ignored', async () => {
  const first: readonly (readonly [Script, Partial<ReflectorTuning>])[] = [
    [refuses(422, 'Invalid'), { listing: 'stream' }],
    [says(line('ADDED', thing('a', 3))), { listing: 'stream', listStallSeconds: 0.05 }],
  ];
  for (const [refusing, tuning] of first) {
    const script = inTurn([items(10, thing('a', 3))], [refusing, says(line('ADDED', thing('b', 11)))]);
    await following(
      script,
      async ({ asked, until }) => {
        await until('listed@10');
        await until('added b@11');
        assert.equal(asked[1]?.query.get('limit'), '500');
      },
      { tuning },
    );
  }
});

test('a bookmark moves the version from which the next watch goes on', async () => {
  const script = inTurn([items(10)], [saysAndEnds(bookmark(25)), says(line('ADDED', thing('a', 26)))]);
  await following(script, async ({ asked, until, reflector }) => {
    await until('added a@26');
    assert.equal(asked.at(-1)?.query.get('resourceVersion'), '25');
    assert.equal(asked.filter(({ query }) => !query.has('watch')).length, 1, 'no second list');
    assert.equal(reflector.restarts, 1);
  });
});

test('410, as an answer or inside the watch, lists anew and tells what vanished meanwhile as deleted', async () => {
  const expired: readonly Script[] = [
    refuses(410, 'Expired'),
    saysAndEnds(line('ERROR', refusal(410, 'Expired'))),
  ];
  for (const gone of expired) {
    const script = inTurn(
      [items(10, thing('a', 3), thing('b', 4), thing('c', 5)), items(30, thing('b', 4), thing('c', 20))],
      [gone, says(bookmark(31))],
    );
    await following(script, async ({ told, until }) => {
      await until('listed@30');
      assert.deepEqual(told.slice(4), ['modified c@20', 'deleted a@30', 'listed@30']);
    });
  }
});

test('a garbled line is not swallowed: the watch goes on from the last good version, the second time it lists', async () => {
  const garbage = saysAndEnds(line('ADDED', thing('b', 11)), '{"type":"MODIFIED","obj\n');
  const script = inTurn(
    [items(10, thing('a', 3)), items(40, thing('a', 39))],
    [garbage, saysAndEnds('nonsense\n'), says(bookmark(41))],
  );
  await following(script, async ({ told, asked, problems, until }) => {
    await until('listed@40');
    assert.equal(asked[2]?.query.get('resourceVersion'), '11');
    assert.deepEqual(told.slice(2), ['added b@11', 'modified a@39', 'deleted b@40', 'listed@40']);
    assert.equal(problems.length, 2);
  });
});

test('a cut connection is opened again from the last version', async () => {
  const cut: Script = (_, response: ServerResponse) => {
    response.write(line('ADDED', thing('a', 11)), () => response.destroy());
  };
  const script = inTurn([items(10)], [cut, says(line('ADDED', thing('b', 12)))]);
  await following(script, async ({ asked, until, reflector }) => {
    await until('added b@12');
    assert.deepEqual(
      asked.slice(1).map(({ query }) => query.get('resourceVersion')),
      ['10', '11'],
    );
    assert.equal(reflector.restarts, 1);
  });
});

test('a line that was cut off is told whole by the next watch', async () => {
  const cut: Script = (_, response) => void response.end(line('ADDED', thing('a', 11)).slice(0, 40));
  const script = inTurn([items(10)], [cut, says(line('ADDED', thing('a', 11)))]);
  await following(script, async ({ told, problems, until }) => {
    await until('added a@11');
    assert.deepEqual(told, ['listed@10', 'added a@11']);
    assert.deepEqual(problems, []);
  });
});

test('a watch that falls silent is dead: what it did not tell is found by listing anew', async () => {
  const script = inTurn(
    [items(10, thing('a', 3)), items(20, thing('b', 15))],
    [says(line('MODIFIED', thing('a', 11))), says(bookmark(21))],
  );
  await following(
    script,
    async ({ told, until }) => {
      await until('listed@20');
      assert.deepEqual(told.slice(2), ['modified a@11', 'added b@15', 'deleted a@20', 'listed@20']);
    },
    { tuning: { stallSeconds: 0.1 } },
  );
});

test('a watch that is never answered is given up soon, and pages are not taken for the cure', async () => {
  const never: Script = () => undefined;
  const script = inTurn([], [never, says(line('ADDED', thing('a', 3)), bookmark(10, endOfList))]);
  await following(
    script,
    async ({ asked, until }) => {
      await until('listed@10');
      assert.ok(asked.every(({ query }) => query.get('watch') === 'true'));
    },
    { tuning: { listing: 'stream', answerSeconds: 0.05 } },
  );
});

test('watches that open and tell nothing do not make the cache look fresh', async () => {
  const script = inTurn([items(10)], [saysAndEnds()]);
  await following(script, async ({ asked, until, reflector }) => {
    await until('listed@10');
    await systemClock.sleep(150);
    assert.ok(asked.length > 3, `${asked.length} requests`);
    assert.ok(reflector.ageSeconds() > 0.14, `${reflector.ageSeconds()} s`);
  });
});

test('a listing is as old as the question, not as its last page', async () => {
  const slow: Script = (_, response) => {
    setTimeout(() => json(response, { metadata: { resourceVersion: '10' }, items: [] }), 100);
  };
  await following(inTurn([slow], [says('')]), async ({ until, reflector }) => {
    await until('listed@10');
    assert.ok(reflector.ageSeconds() >= 0.095, `${reflector.ageSeconds()} s`);
  });
});

test('a storm of 410 is met by ever fewer listings, though each of them succeeds', async () => {
  const script = inTurn([items(10)], [refuses(410, 'Expired')]);
  await following(
    script,
    async ({ asked, until }) => {
      await until('listed@10');
      await systemClock.sleep(400);
      const lists = asked.filter(({ query }) => !query.has('watch')).length;
      assert.ok(lists >= 2 && lists <= 6, `${lists} listings`);
    },
    { tuning: { backoff: { firstMs: 40, maxMs: 400 } } },
  );
});

test('pages that expire under way are asked for at once the next time, and nothing is lost or told twice', async () => {
  const expiring: Script = (asked, response) => {
    if (asked.query.has('continue')) return json(response, refusal(410, 'Expired'), 410);
    const whole = { metadata: { resourceVersion: '20' }, items: [thing('a', 3), thing('b', 15)] };
    const part = { metadata: { resourceVersion: '10', continue: 'more' }, items: [thing('a', 3)] };
    json(response, asked.query.has('limit') ? part : whole);
  };
  await following(inTurn([expiring], [says(bookmark(21))]), async ({ told, until }) => {
    await until('listed@20');
    assert.deepEqual(told, ['added a@3', 'added b@15', 'listed@20']);
  });
});

test('an API that is missing for a moment, as while a server starts, keeps its objects', async () => {
  const script = inTurn(
    [items(10, thing('a', 3)), items(20, thing('a', 3))],
    [refuses(404, 'NotFound'), refuses(404, 'NotFound'), says(line('ADDED', thing('b', 11)))],
  );
  await following(
    script,
    async ({ told, until }) => {
      await until('added b@11');
      assert.deepEqual(told, ['added a@3', 'listed@10', 'added b@11']);
    },
    { tuning: { absentSeconds: 30 } },
  );
});

test('a line may come in pieces that cut a character', async () => {
  const text = Buffer.from(line('ADDED', thing('ärger', 11)));
  const script = inTurn(
    [items(10)],
    [
      (_, response) => {
        const middle = text.indexOf(0xc3) + 1;
        response.write(text.subarray(0, middle), () =>
          setImmediate(() => response.write(text.subarray(middle))),
        );
      },
    ],
  );
  await following(script, async ({ until }) => await until('added ärger@11'));
});

test('an API that is not served counts as synced, and is found once it is served', async () => {
  const script = inTurn([refuses(404, 'NotFound'), items(10, thing('a', 3))], [says(bookmark(11))]);
  await following(script, async ({ reflector, until }) => {
    await reflector.synced;
    assert.equal(reflector.ageSeconds(), 0);
    await until('added a@3');
    await until('listed@10');
    assert.equal(reflector.state, 'watching');
  });
});

test('an API that is taken away takes its objects along', async () => {
  const script = inTurn([items(10, thing('a', 3)), refuses(404, 'NotFound')], [refuses(404, 'NotFound')]);
  await following(script, async ({ told, until }) => {
    await until('deleted a@3');
    assert.deepEqual(told.slice(0, 3), ['added a@3', 'listed@10', 'deleted a@3']);
  });
});

test('a handler that throws does not stop the next event', async () => {
  const script = inTurn([items(10, thing('a', 3))], [says(line('ADDED', thing('b', 11)))]);
  const onEvent = (): void => {
    throw new Error('handler');
  };
  await following(
    script,
    async ({ problems, until }) => {
      await until('added b@11');
      assert.ok(problems.length >= 2);
    },
    { onEvent },
  );
});

test('Retry-After of a refused list is kept to', async () => {
  const busy: Script = (_, response) =>
    json(response, refusal(429, 'TooManyRequests'), 429, { 'retry-after': '1' });
  const script = inTurn([busy, items(10)], [says(bookmark(11))]);
  const startedMs = performance.now();
  await following(script, async ({ until }) => {
    await until('listed@10');
    assert.ok(performance.now() - startedMs >= 950);
  });
});

test('deletions are told with the version of the deletion', async () => {
  const script = inTurn([items(10, thing('a', 3))], [says(line('DELETED', thing('a', 12)))]);
  await following(script, async ({ until }) => await until('deleted a@12'));
});

test('a server that ends every watch at once is asked less and less often', async () => {
  const script = inTurn([items(10)], [saysAndEnds()]);
  await following(
    script,
    async ({ asked, until }) => {
      await until('listed@10');
      await systemClock.sleep(300);
      assert.ok(asked.length <= 6, `${asked.length} requests`);
    },
    { tuning: { backoff: { firstMs: 40, maxMs: 400 } } },
  );
});
