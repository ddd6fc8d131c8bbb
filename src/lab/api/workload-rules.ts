import { isDeepStrictEqual } from 'node:util';
import { carries } from '../../policy/labels.ts';
import { fieldAt, isObject, type JsonObject, listAt, objectAt, textAt, without } from './json.ts';
import type { Cause } from './refusal.ts';

const immutable = 'field is immutable';
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/**
 * What is wrong with a pod or with something that makes pods, as far as it would mislead the lab's controllers
 * (kubernetes/pkg/apis/{core,apps,batch}/validation). Other resources have no rules here.
 */
export function workloadCauses(
  plural: string,
  object: JsonObject,
  old: JsonObject | undefined,
): readonly Cause[] {
  switch (plural) {
    case 'deployments':
    case 'replicasets':
    case 'statefulsets':
      return [
        ...negative(object, 'replicas'),
        ...selectorCauses(object, old),
        ...podSpecCauses(fieldAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
      ];
    case 'jobs':
      return [
        ...negative(object, 'parallelism', 'completions', 'backoffLimit'),
        ...podSpecCauses(fieldAt(object, 'spec', 'template', 'spec'), 'spec.template.spec'),
        ...jobCauses(object, old),
      ];
    case 'pods':
      return old === undefined ? podSpecCauses(object['spec'], 'spec') : podUpdateCauses(object, old);
    default:
      return [];
  }
}

function negative(object: JsonObject, ...fields: readonly string[]): readonly Cause[] {
  return fields.flatMap((field) => {
    const value = fieldAt(object, 'spec', field);
    if (value === undefined || value === null || (Number.isInteger(value) && Number(value) >= 0)) return [];
    return [
      {
        field: `spec.${field}`,
        message: `Invalid value: ${JSON.stringify(value)}: must be greater than or equal to 0`,
      },
    ];
  });
}

function selectorCauses(object: JsonObject, old: JsonObject | undefined): readonly Cause[] {
  const selector = fieldAt(object, 'spec', 'selector');
  const field = 'spec.selector';
  if (!isObject(selector) || Object.keys(selector).length === 0)
    return [{ field, message: 'Required value' }];
  const labels = objectAt(object, 'spec', 'template', 'metadata', 'labels');
  return [
    ...(carries(labels, objectAt(selector, 'matchLabels'))
      ? []
      : [
          {
            field: 'spec.template.metadata.labels',
            message: 'Invalid value: `selector` does not match template `labels`',
          },
        ]),
    ...(old === undefined || isDeepStrictEqual(selector, fieldAt(old, 'spec', 'selector'))
      ? []
      : [{ field, message: `Invalid value: ${immutable}` }]),
  ];
}

function podSpecCauses(spec: unknown, at: string): readonly Cause[] {
  const containers = listAt(spec, 'containers');
  if (containers.length === 0) return [{ field: `${at}.containers`, message: 'Required value' }];
  return containers.flatMap((container, index) => {
    const place = `${at}.containers[${index}]`;
    const name = textAt(container, 'name') ?? '';
    return [
      ...(name === ''
        ? [{ field: `${place}.name`, message: 'Required value' }]
        : label.test(name)
          ? []
          : [{ field: `${place}.name`, message: `Invalid value: "${name}": a lowercase RFC 1123 label` }]),
      ...((textAt(container, 'image') ?? '') === ''
        ? [{ field: `${place}.image`, message: 'Required value' }]
        : []),
    ];
  });
}

/** Pods of Jobs end; the template of a Job that may run does not change. */
function jobCauses(object: JsonObject, old: JsonObject | undefined): readonly Cause[] {
  const policy = textAt(object, 'spec', 'template', 'spec', 'restartPolicy');
  if (policy !== 'Never' && policy !== 'OnFailure') {
    return [
      {
        field: 'spec.template.spec.restartPolicy',
        message: 'Required value: valid values: "OnFailure", "Never"',
      },
    ];
  }
  if (old === undefined || fieldAt(old, 'spec', 'suspend') === true) return [];
  const templateOf = (job: JsonObject): unknown => fieldAt(job, 'spec', 'template', 'spec');
  return isDeepStrictEqual(templateOf(object), templateOf(old))
    ? []
    : [{ field: 'spec.template', message: `Invalid value: ${immutable}` }];
}

/** Of a pod's spec only images, deadlines and additional tolerations may change. */
function podUpdateCauses(object: JsonObject, old: JsonObject): readonly Cause[] {
  const fixed = (pod: JsonObject): unknown => {
    const spec = objectAt(pod, 'spec');
    const imageless = (name: string): unknown =>
      listAt(spec, name).map((each) => (isObject(each) ? without(each, 'image') : each));
    return {
      ...without(spec, 'tolerations', 'activeDeadlineSeconds', 'terminationGracePeriodSeconds'),
      containers: imageless('containers'),
      initContainers: imageless('initContainers'),
    };
  };
  const tolerations = listAt(object, 'spec', 'tolerations');
  const kept = listAt(old, 'spec', 'tolerations').every((each) =>
    tolerations.some((other) => isDeepStrictEqual(other, each)),
  );
  return [
    ...(isDeepStrictEqual(fixed(object), fixed(old))
      ? []
      : [
          {
            field: 'spec',
            message:
              'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
          },
        ]),
    ...(kept
      ? []
      : [
          {
            field: 'spec.tolerations',
            message: 'Forbidden: existing toleration can not be modified except its tolerationSeconds',
          },
        ]),
  ];
}
