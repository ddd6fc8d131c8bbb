import { resolvePolicy } from '../../../policy/resolve.ts';
import type { BurstPolicy } from '../../../policy/schema.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { Account, Check, Look } from '../look.ts';
import { type NeededRight, neededRights } from '../needed-rights.ts';

const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** One question to the API server. */
interface Question {
  readonly right: Pick<NeededRight, 'group' | 'resource' | 'loses'>;
  readonly verb: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

/** Whether the ServiceAccount of Spillway may do all that it has to. */
export const checkRights: Check = async (look) => {
  const { account } = look;
  if (account === undefined) {
    return [
      skipped(
        'rights',
        'It is not known whom Spillway runs as: no pod of it and no Deployment with app.kubernetes.io/name=spillway is found.',
        'Name it with --service-account <namespace>/<name>.',
      ),
    ];
  }
  const questions = questionsOf(look, account);
  const answers = await Promise.all(questions.map((question) => isAllowed(look, account, question)));
  const unread = answers.find((answer) => typeof answer === 'string');
  if (typeof unread === 'string') {
    const kubectl = `kubectl auth can-i --list --as=${userOf(account)}`;
    return [skipped('rights', `The rights of ${nameOf(account)} are not known. ${unread}`, kubectl)];
  }
  const denied = questions.filter((_, index) => answers[index] === false);
  return told(account, denied, questions.length);
};

function told(account: Account, denied: readonly Question[], asked: number): readonly Found[] {
  const needed = denied.filter(({ right }) => right.loses === undefined);
  const optional = denied.filter(({ right }) => right.loses !== undefined);
  const losses = [...new Set(optional.map(({ right }) => right.loses))];
  if (denied.length === 0)
    return [ok('rights', `${nameOf(account)} may do all that it has to (${asked} rights).`)];
  return [
    ...(needed.length === 0
      ? []
      : [fail('rights', `${nameOf(account)} may not ${listed(needed)}.`, remedyOf(account, needed))]),
    ...losses.map((loss) => {
      const lost = optional.filter(({ right }) => right.loses === loss);
      return warn(
        'rights.optional',
        `${nameOf(account)} may not ${listed(lost)}: ${loss}.`,
        remedyOf(account, lost),
      );
    }),
  ];
}

function questionsOf(look: Look, account: Account): readonly Question[] {
  const rescues = (look.policies ?? []).some(
    ({ spec }) => spec.burst.strategy === 'Rescue' && spec.targetRef?.kind === 'Deployment',
  );
  const fixed = neededRights
    .filter(({ forRescue }) => forRescue === undefined || rescues)
    .flatMap((right) =>
      namespacesOf(right, look, account).flatMap((namespace) =>
        right.verbs.map((verb) => {
          const name = right.name === 'lease' ? look.config.lease.name : right.name;
          return { right, verb, namespace, name };
        }),
      ),
    );
  return [...fixed, ...(look.policies ?? []).flatMap(secretsOf)];
}

function namespacesOf(
  { where }: NeededRight,
  { config }: Look,
  { namespace }: Account,
): readonly (string | undefined)[] {
  switch (where) {
    case 'cluster':
      return [undefined];
    case 'policies':
      return config.namespaces === 'all' ? [undefined] : config.namespaces;
    case 'spillway':
      return [config.lease.namespace ?? namespace];
    case 'kube-system':
    case 'kube-node-lease':
      return [where];
  }
}

/** The Secrets that the sources of a policy name, each once; of a policy that is not valid, none. */
function secretsOf(object: BurstPolicy): readonly Question[] {
  const sources = resolved(object)?.scaling?.sources ?? [];
  const secrets = new Set(
    sources.flatMap(({ feed }) => (feed.type === 'Prometheus' ? [] : [feed.redis.secretName])),
  );
  return [...secrets].flatMap((name) =>
    ['get', 'watch'].map((verb) => ({
      right: { group: '', resource: 'secrets' },
      verb,
      namespace: object.metadata.namespace,
      name,
    })),
  );
}

function resolved(object: BurstPolicy) {
  try {
    return resolvePolicy(object);
  } catch {
    // That it is not valid is told by another check.
    return undefined;
  }
}

/** A text says why nobody can tell. */
async function isAllowed({ reader }: Look, account: Account, question: Question): Promise<boolean | string> {
  const { right, verb, namespace, name } = question;
  const [resource, subresource] = right.resource.split('/');
  const { namespace: home } = account;
  const read = await reader.ask<{ readonly status?: { readonly allowed?: boolean } }>(reviews, {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: {
      user: userOf(account),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'],
      resourceAttributes: { group: right.group, resource, subresource, verb, namespace, name },
    },
  });
  if (read.state === 'read') return read.value.status?.allowed === true;
  return read.state === 'unread' ? read.why : 'The API server answers no reviews of access.';
}

/** `get and watch secrets redis in media, patch pods`. */
function listed(questions: readonly Question[]): string {
  const byObject = new Map<string, string[]>();
  for (const { right, verb, namespace, name } of questions) {
    const object = [
      right.group === '' ? right.resource : `${right.resource}.${right.group}`,
      ...(name === undefined ? [] : [name]),
      ...(namespace === undefined ? [] : [`in ${namespace}`]),
    ].join(' ');
    byObject.set(object, [...(byObject.get(object) ?? []), verb]);
  }
  return [...byObject].map(([object, verbs]) => `${verbs.join(' and ')} ${object}`).join(', ');
}

/** Rules to add to its Role or ClusterRole, ready to be copied. */
function remedyOf(account: Account, questions: readonly Question[]): string {
  const rules = new Map<string, { readonly head: string; readonly verbs: string[] }>();
  for (const { right, verb, namespace, name } of questions) {
    const role = namespace === undefined ? 'the ClusterRole' : `a Role in ${namespace}`;
    const names = name === undefined ? '' : `, resourceNames: [${name}]`;
    const head = `{ apiGroups: ["${right.group}"], resources: [${right.resource}]${names}, verbs: [`;
    const key = `${role} ${head}`;
    const kept = rules.get(key) ?? { head: `${role}: ${head}`, verbs: [] };
    kept.verbs.push(verb);
    rules.set(key, kept);
  }
  const lines = [...rules.values()].map(({ head, verbs }) => `${head}${verbs.join(', ')}] }`);
  return [`Grant to ServiceAccount ${nameOf(account)} (docs/permissions.md):`, ...lines].join('\n');
}

function userOf({ namespace, name }: Account): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

function nameOf({ namespace, name }: Account): string {
  return `${namespace}/${name}`;
}
