/** Registries from which most images can be pulled without a login. */
const publicRegistries: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'mcr.microsoft.com',
  'ghcr.io',
  'quay.io',
  'registry.k8s.io',
  'k8s.gcr.io',
  'gcr.io',
  'public.ecr.aws',
  'registry.access.redhat.com',
  'nvcr.io',
  'docker.elastic.co',
  'cgr.dev',
]);

/** The host of an image's name, `docker.io` where it names none (distribution reference: a host has a dot, a port, or is localhost). */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first.toLowerCase() : 'docker.io';
}

/** Whether images of this registry are usually there for everybody. */
export function isPublicRegistry(registry: string): boolean {
  return publicRegistries.has(registry);
}

/** Whether it is an Azure Container Registry, in the public cloud or a sovereign one. */
export function isAzureRegistry(registry: string): boolean {
  return /\.azurecr\.(io|us|cn|de)$/.test(registry);
}
