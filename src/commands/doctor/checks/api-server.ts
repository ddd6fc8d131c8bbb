import { fail, ok, skipped, warn } from '../finding.ts';
import type { Check } from '../look.ts';

/** Minor versions of Kubernetes 1: the oldest that can be served, and the one that the tests run against. */
export const supported = {
  /** Rules in CustomResourceDefinitions are stable since (kubernetes.io/docs/reference/using-api/cel). */
  oldest: 29,
  tested: 36,
} as const;

/** Whether the API server is one that Spillway can work with. */
export const checkApiServer: Check = async ({ reader }) => {
  const read = await reader.get<{ readonly gitVersion?: string }>('/version');
  if (read.state !== 'read') {
    return [skipped('api-server', read.state === 'unread' ? read.why : 'The API server tells no version.')];
  }
  const { gitVersion = '' } = read.value;
  const minor = Number(/^v1\.(\d+)/.exec(gitVersion)?.[1] ?? Number.NaN);
  const range = `Spillway needs 1.${supported.oldest} or newer and is tested with 1.${supported.tested}`;
  if (minor < supported.oldest) {
    return [
      fail(
        'api-server',
        `The API server is ${gitVersion}; ${range}.`,
        `Upgrade the cluster to 1.${supported.oldest} or newer: older ones do not keep the rules of policies.`,
      ),
    ];
  }
  if (!(minor <= supported.tested)) {
    return [
      warn(
        'api-server',
        `The API server is ${gitVersion}; ${range}.`,
        'See whether there is a newer Spillway, and try a policy with dryRun: true first.',
      ),
    ];
  }
  return [ok('api-server', `The API server is ${gitVersion}; ${range}.`)];
};
