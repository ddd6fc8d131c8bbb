import { SpillwayError } from '../../../errors.ts';
import type { BurstPolicy } from '../../../policy/schema.ts';
import { pascalCase } from '../../../report/conditions.ts';
import { type Found, fail, ok, warn } from '../finding.ts';
import type { Look, PolicyCheck } from '../look.ts';

const id = 'policy.accepted';

/** Whether the controller has taken the policy, and what the policy itself switches off. */
export const checkAccepted: PolicyCheck = async ({ object, policy, look }) => {
  const off = [
    ...(policy.suspend ? ['suspend: true'] : []),
    ...(policy.dryRun ? ['dryRun: true'] : []),
    ...(policy.burst.maxReplicas === 0 ? ['burst.maxReplicas: 0'] : []),
  ];
  return [
    ...(off.length === 0
      ? []
      : [
          warn(
            'policy.off',
            `Nothing bursts by ${off.join(' and ')}.`,
            'That is what it is for. Change it when you mean to burst.',
          ),
        ]),
    taken(object, look),
  ];
};

function taken({ metadata, status }: BurstPolicy, look: Look): Found {
  const { namespaces } = look.config;
  if (namespaces !== 'all' && !namespaces.includes(metadata.namespace ?? '')) {
    return fail(
      id,
      `No controller looks after namespace ${metadata.namespace ?? ''}.`,
      'Add it to namespaces in the configuration (docs/configuration.md).',
    );
  }
  const accepted = status?.conditions?.find(({ type }) => type === 'Accepted');
  if (accepted === undefined) {
    return warn(id, 'No controller has looked at it yet.', 'See the finding about the controller.');
  }
  if (accepted.status === 'False') {
    return fail(id, `It is not accepted (${accepted.reason}).`, accepted.message);
  }
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0)) {
    return warn(
      id,
      'No controller has looked at its last change yet.',
      'See the finding about the controller.',
    );
  }
  return ok(id, accepted.message);
}

/** That a policy cannot be understood. Throws whatever is not about the policy. */
export function invalidPolicy(error: unknown): Found {
  if (!(error instanceof SpillwayError)) throw error;
  return fail(
    `policy.${pascalCase(error.code)}`,
    error.message,
    'spillway check -f <file> shows every problem and its line.',
  );
}
