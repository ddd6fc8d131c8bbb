import { onAzure, onV1, type Rule } from '../rule.ts';

/** How large a container group is, who it is, and where its images come from. */
export const groupRules = {
  TEMPLATE_TOO_LARGE: {
    on: { ...onAzure('refuse'), Generic: 'refuse' },
    says: 'A burst pod asks for {what}.',
    remedy: 'Request less, or set largestGroup of the pool if your region gives more.',
  },
  TEMPLATE_GPU: {
    on: onAzure('refuse'),
    says: 'The template asks for {what}, and Container Instances have no GPUs.',
    remedy: 'Keep this workload on VMs.',
  },
  TEMPLATE_EXTENDED_RESOURCE: {
    on: onAzure('refuse'),
    says: 'The template asks for {what}, which the virtual node does not offer: the pod would stay pending.',
    remedy: 'Keep this workload on VMs, or take the request out.',
  },
  TEMPLATE_EPHEMERAL_STORAGE: {
    on: onV1('drop'),
    says: 'The containers {what} request ephemeral storage, which the virtual node does not count: the pod would stay pending.',
    remedy: 'Nothing to do, unless a pod needs more disk than a container group has.',
    drops: 'requests and limits of ephemeral-storage',
  },
  TEMPLATE_LIMITS: {
    on: onV1('refuse'),
    says: 'The limits of {what} are above what all containers together request: Container Instances answer ContainerLimitGreaterThanContainerGroupTotalRequest.',
    remedy: 'Lower the limit, or raise the requests.',
    drops: 'limits that are above the requests of the group',
  },
  TEMPLATE_REQUESTS: {
    on: onV1('warn'),
    says: 'The containers {what} do not request both cpu and memory: 1 CPU and 1.5 GB are taken, and paid, for what is missing.',
    remedy: 'Write the requests.',
  },
  TEMPLATE_CONTAINERS: {
    on: onAzure('refuse'),
    says: 'The template has {what} containers, and a container group holds at most 60.',
    remedy: 'Use fewer.',
  },
  TEMPLATE_GROUP_NAME: {
    on: onV1('refuse'),
    says: 'The container group of a burst pod would have a name of {what} characters (namespace, hyphen and pod), and 63 are the most.',
    remedy: 'Use a namespace with a shorter name.',
  },
  TEMPLATE_WORKLOAD_IDENTITY: {
    on: onV1('refuse'),
    says: 'The template uses an Azure identity ({what}), and the virtual node gives its pods none.',
    remedy: 'Use virtual nodes v2 (kind AksV2), or a credential in a Secret.',
  },
  TEMPLATE_REGISTRY_ACR: {
    on: onV1('refuse'),
    says: 'The images of {what} come from an Azure Container Registry, where the virtual node does not log in by identity.',
    remedy:
      'Name imagePullSecrets in the template. Set this rule to off if the ServiceAccount brings them, or the registry lets anybody pull.',
  },
  TEMPLATE_REGISTRY: {
    on: onAzure('warn'),
    says: 'The images of {what} come from a registry that may ask for a login, and the template names no imagePullSecrets.',
    remedy:
      'Name imagePullSecrets in the template, unless the ServiceAccount brings them or anybody may pull.',
  },
  TEMPLATE_API_TOKEN: {
    on: onV1('warn'),
    says: 'Burst pods get no service-account token and so cannot ask the API server.',
    remedy: 'Write automountServiceAccountToken: false where they need not.',
  },
} as const satisfies Readonly<Record<string, Rule>>;
