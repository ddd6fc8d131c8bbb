import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { causeIn, causeOfMessage, failureOf } from '../../../src/limits/failure-cause.ts';

const messages: readonly (readonly [string, string])[] = [
  [
    "container group quota 'StandardCores' exceeded in region 'eastus'. Limit: '10', Usage: '10' Requested: '1'",
    'Quota',
  ],
  [
    `got HTTP response status code 409 error code "ContainerGroupQuotaReached": Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota 'StandardCores' exceeded in region 'eastus'.`,
    'Quota',
  ],
  [
    'got HTTP response status code 503 error code "ServiceUnavailable": The requested resource is not available in the location \'eastus\' at this moment. Please retry with a different resource request or in another location.',
    'Capacity',
  ],
  ['The requested resource is not available in the location at this moment', 'Capacity'],
  ['RESPONSE 409: 409 Conflict\nERROR CODE: ServiceAssociationLinkNotReady\n----\n{"error":{}}', 'Network'],
  [
    'got HTTP response status code 400 error code "InaccessibleImage": The image \'x\' is not accessible.',
    'Image',
  ],
  ['RESPONSE 400: 400 Bad Request\nERROR CODE: InaccessibleImage\n', 'Image'],
  [
    'got HTTP response status code 400 error code "DuplicateVolumes": Duplicate volumes \'a\' found',
    'Rejected',
  ],
  ['RESPONSE 400: 400 Bad Request\nERROR CODE: DuplicateVolumes\n', 'Rejected'],
  ['got HTTP response status code 503 error code "ServerTimeout": The request timed out.', 'Throttled'],
  ['RESPONSE 429: 429 Too Many Requests\nERROR CODE UNAVAILABLE', 'Throttled'],
  ['something nobody has seen before', 'Unknown'],
  ['', 'Unknown'],
];

describe('the cause of a failure', () => {
  for (const [message, cause] of messages) {
    test(`is ${cause} for "${message.slice(0, 60).replaceAll('\n', ' ')}"`, () => {
      assert.equal(causeOfMessage(message), cause);
    });
  }

  test('is found for any text', () => {
    fc.assert(fc.property(fc.string(), (message) => typeof causeOfMessage(message) === 'string'));
  });

  test('stands in the status of a pod', () => {
    assert.equal(
      causeIn({ phase: 'Pending', reason: 'ProviderFailed', message: 'quota x exceeded' }),
      'Quota',
    );
    assert.equal(causeIn({ phase: 'Failed', reason: 'NotFound' }), 'Vanished');
    assert.equal(causeIn({ phase: 'Failed', reason: 'Evicted' }), undefined);
    const waiting = (reason: string) => ({
      phase: 'Pending',
      containerStatuses: [{ state: { waiting: { reason } } }],
    });
    assert.equal(causeIn(waiting('ErrImagePull')), 'Image');
    assert.equal(causeIn(waiting('ImagePullBackOff')), 'Image');
    assert.equal(causeIn(waiting('ContainerCreating')), undefined);
    assert.equal(causeIn({ phase: 'Running' }), undefined);
  });

  test('is age alone where a provider says nothing, and none for who is being deleted', () => {
    const settings = { stuckCreatingAfterSeconds: 900 };
    const pod = { failure: undefined, phase: 'Pending', boundAtMs: 0, endsAtMs: undefined };
    assert.equal(failureOf(pod, 900_000, settings), undefined);
    assert.equal(failureOf(pod, 900_001, settings), 'StuckCreating');
    assert.equal(failureOf({ ...pod, phase: 'Running' }, 1e9, settings), undefined);
    assert.equal(failureOf({ ...pod, boundAtMs: undefined }, 1e9, settings), undefined);
    assert.equal(failureOf({ ...pod, failure: 'Quota', endsAtMs: 5 }, 1e9, settings), undefined);
  });
});
