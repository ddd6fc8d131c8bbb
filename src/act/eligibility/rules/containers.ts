import { onV1, type Rule } from '../rule.ts';

/** What a container is, how it starts and ends, and what it is told. */
export const containerRules = {
  TEMPLATE_ARGS: {
    on: onV1('refuse'),
    says: 'The containers {what} have args without a command, and a pod with such a container fails there.',
    remedy: "Write the command too: what the image's ENTRYPOINT says.",
  },
  TEMPLATE_WORKING_DIR: {
    on: onV1('refuse'),
    says: 'The working directory of {what} is ignored there.',
    remedy: 'Set it in the image (WORKDIR), or in the command: sh -c "cd … && exec …".',
    drops: 'workingDir',
  },
  TEMPLATE_INIT_CONTAINERS: {
    on: {},
    older: { before: '1.5.0', setting: 'refuse' },
    says: 'The init containers {what} are not run by a virtual node older than 1.5.0.',
    remedy: 'Upgrade the add-on, or do that work in the container itself.',
  },
  TEMPLATE_INIT_RESOURCES: {
    on: onV1('drop'),
    says: 'The init containers {what} have ports or resources, and a pod with such an init container fails there.',
    remedy: 'Nothing to do: they run before the others and use what these request.',
    drops: 'ports and resources of init containers',
  },
  TEMPLATE_INIT_TOO_LARGE: {
    on: onV1('refuse'),
    says: 'The init containers {what} ask for more than all other containers together, and more is not there.',
    remedy: 'Let the containers request as much as the largest init container.',
    drops: 'ports and resources of init containers',
  },
  TEMPLATE_SIDECAR: {
    on: onV1('refuse'),
    says: 'The sidecars {what} (init containers with restartPolicy Always) are taken for init containers that have to end first.',
    remedy: 'Make them ordinary containers.',
  },
  TEMPLATE_LIFECYCLE: {
    on: onV1('refuse'),
    older: { before: '1.6.0', setting: 'warn' },
    says: 'The lifecycle hooks of {what} do not run there: a pod with one fails, or before azure-aci 1.6.0 goes without.',
    remedy:
      'Do it in the process itself: at its start, and when it drains. Set this rule to drop if burst pods can do without.',
    drops: 'the lifecycle hooks',
  },
  TEMPLATE_LIFECYCLE_SLEEP: {
    on: onV1('warn'),
    says: 'The sleep hooks of {what} are ignored there.',
    remedy:
      'Nothing to do for workers of a queue. For servers: pods are still asked for a moment after they end.',
    drops: 'the lifecycle hooks that sleep',
  },
  TEMPLATE_GRACE_PERIOD: {
    on: onV1('warn'),
    says: 'The grace period of {what} is ignored there: a pod that is deleted is killed at once.',
    remedy: 'Let the workers drain before: import the drain library, and set burst.drain.timeout.',
  },
  TEMPLATE_STARTUP_PROBE: {
    on: onV1('drop'),
    says: 'The startup probes of {what} make a pod fail there.',
    remedy:
      'Nothing to do: the readiness probes tell when these containers are up, and no liveness probe would end them before.',
    drops: 'the startup probes',
  },
  TEMPLATE_STARTUP_GUARD: {
    on: onV1('refuse'),
    says: 'The startup probes of {what} make a pod fail there, and without them a slow start would be killed by the liveness probe, or called ready too early.',
    remedy:
      'Use initialDelaySeconds of the liveness probe and a readiness probe instead. Set this rule to drop if burst pods can do without.',
    drops: 'the startup probes',
  },
  TEMPLATE_PROBE_TYPE: {
    on: onV1('refuse'),
    says: 'The probes of {what} use tcpSocket or grpc, and a pod with such a probe fails there.',
    remedy:
      'Use exec or httpGet. Set this rule to drop if burst pods can do without: then they are ready at once and never restarted.',
    drops: 'liveness and readiness probes by tcpSocket or grpc',
  },
  TEMPLATE_PROBE_HTTP: {
    on: onV1('warn'),
    says: 'The httpHeaders or host of the probes of {what} are ignored there.',
    remedy: 'Let the path answer without them.',
  },
  TEMPLATE_PRIVILEGED: {
    on: onV1('refuse'),
    says: 'The containers {what} are privileged, which the virtual node ignores.',
    remedy: 'Take it out of the target, or set this rule to warn if the pods do their work without it.',
  },
  TEMPLATE_SECURITY_CONTEXT: {
    on: onV1('warn'),
    says: "The security context of {what} is ignored there: user, group, capabilities and the like are the image's own.",
    remedy: 'Set USER in the image.',
  },
  TEMPLATE_ENV_NAME: {
    on: onV1('refuse'),
    says: 'The names of the variables {what} are refused there.',
    remedy: 'Use letters, digits and _ only.',
  },
  TEMPLATE_ENV_FIELD: {
    on: { ...onV1('refuse'), Generic: 'warn' },
    says: 'The variables {what} take their value from a field that a virtual node does not know, and the pod fails there.',
    remedy:
      'Use metadata.name, metadata.namespace, metadata.uid, a label or annotation, spec.nodeName or spec.serviceAccountName.',
  },
  TEMPLATE_ENV_RESOURCE: {
    on: { ...onV1('warn'), Generic: 'warn' },
    says: 'The variables {what} take their value from requests or limits, and are not set there.',
    remedy: 'Write the value itself.',
  },
  TEMPLATE_ENV_EMPTY: {
    on: onV1('warn'),
    says: 'The variables {what} are empty, and are not set there.',
    remedy: 'Nothing to do where not set means the same as empty.',
  },
} as const satisfies Readonly<Record<string, Rule>>;
