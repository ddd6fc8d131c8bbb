import { fieldAt, type JsonObject } from './json.ts';
import { badRequest } from './refusal.ts';

export type FieldTest = (object: JsonObject) => boolean;

/** Fields that can be selected by beside name and namespace, by resource (kubernetes/pkg/apis, conversion.go). */
const selectable: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  nodes: ['spec.unschedulable'],
  secrets: ['type'],
  namespaces: ['status.phase'],
  replicasets: ['status.replicas'],
  jobs: ['status.successful'],
  events: [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'reason',
    'reportingController',
    'source',
    'type',
  ],
};

/** The test of a `fieldSelector` query on a resource. Throws Refusal (400) for fields that cannot be selected by. */
export function parseFieldSelector(text: string, plural: string): FieldTest {
  const tests = text
    .split(',')
    .filter((each) => each !== '')
    .map((each) => parseTerm(each, plural));
  return (object) => tests.every((test) => test(object));
}

function parseTerm(text: string, plural: string): FieldTest {
  const found = /^([\w.]+)(==?|!=)(.*)$/.exec(text);
  if (found === null) throw badRequest(`invalid field selector: "${text}"`);
  const [, field = '', operator, value = ''] = found;
  const known = ['metadata.name', 'metadata.namespace', ...(selectable[plural] ?? [])];
  if (!known.includes(field)) throw badRequest(`field label not supported: ${field}`);
  const path = field.split('.');
  const textOf = (object: JsonObject): string => {
    const there = fieldAt(object, ...path);
    if (field === 'status.phase' && there === undefined && plural === 'pods') return 'Pending';
    if (typeof there === 'string') return there;
    return typeof there === 'number' || there === true ? String(there) : emptyOf(field);
  };
  const wanted = value.replaceAll(/\\([,=\\])/g, '$1');
  return operator === '!=' ? (object) => textOf(object) !== wanted : (object) => textOf(object) === wanted;
}

/** What stands for a field that is not there: booleans are false then. */
function emptyOf(field: string): string {
  return field === 'spec.unschedulable' || field === 'spec.hostNetwork' ? 'false' : '';
}
