import { writeFileSync } from 'node:fs';

/** Who speaks: a bearer token, or a client certificate and its key (paths of PEM files). */
export type Credential =
  | { readonly token: string }
  | { readonly certificatePath: string; readonly keyPath: string };

/** Writes a kubeconfig for one server and one user. It is JSON, which is YAML too. */
export function writeKubeconfig(path: string, url: string, caPath: string, credential: Credential): void {
  const user =
    'token' in credential
      ? { token: credential.token }
      : { 'client-certificate': credential.certificatePath, 'client-key': credential.keyPath };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server: url, 'certificate-authority': caPath } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'default' } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(kubeconfig, undefined, 2), { mode: 0o600 });
}
