import { type Answer, capabilitiesBody, creationRefusal, groupBody, refusal, usagesBody } from './answers.ts';
import type { ArmState } from './arm-state.ts';

/** What a request is about; the first two are the login's. */
export type FakeApi =
  | 'openid'
  | 'token'
  | 'usages'
  | 'capabilities'
  | 'groups'
  | 'group'
  | 'create'
  | 'delete'
  | 'poll';

/** A request as it arrived. */
export interface Request {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

/** Who answers what: the name in the path is the first group of its shape. */
export type Route = readonly [
  api: FakeApi,
  method: string,
  path: RegExp,
  answer: (request: Request, name: string) => Answer,
];

/** Times a deletion is polled before it is done. */
const pollsToDelete = 2;

export interface RoutesOptions {
  readonly state: ArmState;
  readonly subscriptionId: string;
  readonly region: string;
  readonly resourceGroup: string;
  readonly pageSize?: number;
  /** Whether the region has room for a further group, whatever the quota says. */
  readonly hasCapacity: () => boolean;
}

/** What a fake ARM answers to whom it knows, by method and path. */
export function armRoutes(options: RoutesOptions): readonly Route[] {
  const { state, subscriptionId, region, resourceGroup, pageSize = 50, hasCapacity } = options;
  const deletions = new Map<string, { readonly name: string; polls: number }>();
  const subscription = `/subscriptions/${subscriptionId}`;
  const provider = 'providers/Microsoft.ContainerInstance';
  const groupsPath = `${subscription}/resourceGroups/${resourceGroup}/${provider}/containerGroups`;
  const place = { path: groupsPath, location: region };

  const list = (items: readonly unknown[], { url }: Request): Answer => {
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const next = from + pageSize;
    const following = new URL(url);
    following.searchParams.set('$skiptoken', String(next));
    const nextLink = next < items.length ? { nextLink: following.href } : {};
    return { status: 200, body: { value: items.slice(from, next), ...nextLink } };
  };
  const inRegion = (location: string, answer: () => Answer): Answer =>
    location === region
      ? answer()
      : refusal(
          400,
          'NoRegisteredProviderFound',
          `No registered resource provider found for location '${location}'.`,
        );
  return [
    [
      'usages',
      'GET',
      new RegExp(`^${subscription}/${provider}/locations/(\\w+)/usages$`),
      (request, location) => inRegion(location, () => list(usagesBody(state), request)),
    ],
    [
      'capabilities',
      'GET',
      new RegExp(`^${subscription}/${provider}/locations/(\\w+)/capabilities$`),
      (request, location) => inRegion(location, () => list(capabilitiesBody(state, location), request)),
    ],
    [
      'groups',
      'GET',
      new RegExp(`^${groupsPath}$`),
      (request) =>
        list(
          state.groups().map((group) => groupBody(group, place, false)),
          request,
        ),
    ],
    [
      'group',
      'GET',
      new RegExp(`^${groupsPath}/([\\w-]+)$`),
      (_, name) => {
        const group = state.groups().find((one) => one.name === name);
        return group === undefined ? notFound(name) : { status: 200, body: groupBody(group, place, true) };
      },
    ],
    [
      'create',
      'PUT',
      new RegExp(`^${groupsPath}/([\\w-]+)$`),
      ({ body }, name) => {
        const cores = coresAsked(body);
        return (
          creationRefusal(state, region, cores, hasCapacity()) ?? {
            status: 201,
            body: { id: `${groupsPath}/${name}`, name, properties: { provisioningState: 'Pending' } },
          }
        );
      },
    ],
    [
      'delete',
      'DELETE',
      new RegExp(`^${groupsPath}/([\\w-]+)$`),
      ({ url }, name) => {
        if (!state.groups().some((one) => one.name === name)) return { status: 204 };
        const id = `deletion-${deletions.size}`;
        deletions.set(id, { name, polls: 0 });
        const location = `${url.origin}${subscription}/${provider}/locations/${region}/operations/${id}`;
        return { status: 202, headers: { location, 'retry-after': '1' } };
      },
    ],
    [
      'poll',
      'GET',
      new RegExp(`^${subscription}/${provider}/locations/\\w+/operations/([\\w-]+)$`),
      ({ url }, id) => {
        const deletion = deletions.get(id);
        if (deletion === undefined) return notFound(id);
        deletion.polls += 1;
        if (deletion.polls <= pollsToDelete) {
          return { status: 202, headers: { location: url.href, 'retry-after': '1' } };
        }
        state.remove(deletion.name);
        return { status: 204 };
      },
    ],
  ];
}

/** Nothing has that name. */
export function notFound(name: string): Answer {
  return refusal(404, 'ResourceNotFound', `The resource '${name}' was not found.`);
}

/** Cores that the group of a create request asks for. */
function coresAsked(body: string): number {
  const group = JSON.parse(body) as {
    readonly properties?: {
      readonly containers?: readonly {
        readonly properties?: { readonly resources?: { readonly requests?: { readonly cpu?: number } } };
      }[];
    };
  };
  return (group.properties?.containers ?? []).reduce(
    (sum, { properties }) => sum + (properties?.resources?.requests?.cpu ?? 0),
    0,
  );
}
