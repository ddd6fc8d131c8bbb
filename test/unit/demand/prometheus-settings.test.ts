import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultVirtualPools } from '../../../src/cluster/virtual-nodes.ts';
import { parseConfig } from '../../../src/config.ts';

const parse = (connection: string) =>
  parseConfig(`prometheus: [${connection}]`, 'spillway.yaml', defaultVirtualPools).prometheus;

describe('a Prometheus connection of the configuration', () => {
  test('needs a name and an address, and has defaults for the rest', () => {
    assert.deepEqual(parse('{ name: main, url: http://prometheus.monitoring:9090/ }'), [
      {
        name: 'main',
        url: 'http://prometheus.monitoring:9090',
        bearerTokenFile: undefined,
        basicAuth: undefined,
        caFile: undefined,
        headers: {},
        timeoutSeconds: 10,
        everySeconds: 5,
        staleAfterSeconds: 60,
      },
    ]);
  });

  test('takes credentials from files, headers and a prefix', () => {
    const [one] = parse(
      '{ name: a, url: "https://mimir/prometheus", basicAuth: { usernameFile: /u, passwordFile: /p }, caFile: /ca, headers: { X-Scope-OrgID: media } }',
    );
    assert.equal(one?.url, 'https://mimir/prometheus');
    assert.deepEqual(one?.basicAuth, { usernameFile: '/u', passwordFile: '/p' });
    assert.deepEqual([one?.caFile, one?.headers], ['/ca', { 'X-Scope-OrgID': 'media' }]);
  });

  const url = 'url: "http://p:9090"';
  for (const [what, connection, problem] of [
    ['without a name', `{ ${url} }`, /prometheus\.0\.name/],
    ['whose address is no address', '{ name: a, url: "p:9090" }', /write an address such as https/],
    ['whose address is of another kind', '{ name: a, url: "file:///etc/passwd" }', /write an address/],
    ['with a password in its address', '{ name: a, url: "http://u:planted@p" }', /see basicAuth/],
    ['with a query in its address', '{ name: a, url: "http://p?token=planted" }', /without user/],
    ['with an unknown key', `{ name: a, ${url}, token: planted }`, /Unrecognized key: "token"/],
    [
      'with two credentials',
      `{ name: a, ${url}, bearerTokenFile: /t, basicAuth: { usernameFile: /u, passwordFile: /p } }`,
      /not both/,
    ],
    ['with half a login', `{ name: a, ${url}, basicAuth: { usernameFile: /u } }`, /passwordFile/],
    ['with an authority for plain http', `{ name: a, ${url}, caFile: /ca }`, /only an https address/],
    [
      'with credentials in a header',
      `{ name: a, ${url}, headers: { authorization: planted } }`,
      /bearerTokenFile or basicAuth/,
    ],
    ['with a header of two lines', `{ name: a, ${url}, headers: { a: "b\\r\\nc: d" } }`, /plain text/],
    ['asked all the time', `{ name: a, ${url}, everySeconds: 0 }`, /everySeconds/],
    ['of a name that is taken', `{ name: a, ${url} }, { name: a, ${url} }`, /same name/],
  ] as const) {
    test(`is refused ${what}`, () =>
      assert.throws(
        () => parse(connection),
        (error: Error) => {
          assert.match(error.message, problem);
          assert.doesNotMatch(error.message, /planted/);
          return 'code' in error && error.code === 'CONFIG_INVALID';
        },
      ));
  }
});
