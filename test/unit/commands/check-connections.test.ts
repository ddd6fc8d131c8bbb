import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readable } from 'node:stream';
import { check } from '../../../src/commands/check.ts';

const policy = `apiVersion: spillway.dev/v1alpha1
kind: BurstPolicy
metadata: { name: thumbnails, namespace: media }
spec:
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: worker }
  scaling:
    maxReplicas: 10
    sources:
      - name: waiting
        type: Prometheus
        prometheus:
          connection: mein
          query: sum(waiting)
        backlogPerReplica: 5
  burst: { maxReplicas: 10 }
`;

async function checked(connections: readonly string[] | undefined) {
  const out: string[] = [];
  const code = await check(
    { files: ['-'], json: false, connections },
    {
      stdin: Readable.from([Buffer.from(policy)]),
      out: (line) => out.push(line),
      error: (line) => out.push(line),
    },
  );
  return { code, out };
}

test('check tells of a Prometheus connection that the configuration does not have, where it is named', async () => {
  const { code, out } = await checked(['main', 'other']);
  assert.equal(code, 1);
  assert.match(
    out.join('\n'),
    /^standard input:12:11 spec\.scaling\.sources\[0\]\.prometheus\.connection: .* no Prometheus connection mein\. .* Did you mean main\?$/,
  );
  assert.equal((await checked([])).code, 1);
});

test('check knows nothing of connections without a configuration, and is content with those that exist', async () => {
  assert.equal((await checked(undefined)).code, 0);
  assert.equal((await checked(['mein'])).code, 0);
});
