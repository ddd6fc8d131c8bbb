import { stringify } from 'yaml';

/** A kubeconfig for a lab at this address. Any token is accepted: the lab knows no users. */
export function kubeconfigFor(url: string): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'spillway-lab', cluster: { server: url } }],
    users: [{ name: 'spillway-lab', user: { token: 'anybody' } }],
    contexts: [
      {
        name: 'spillway-lab',
        context: { cluster: 'spillway-lab', user: 'spillway-lab', namespace: 'default' },
      },
    ],
    'current-context': 'spillway-lab',
  });
}
