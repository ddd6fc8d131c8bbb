import { connect, userAgentOf } from '../../cluster/client.ts';
import { parseDuration } from '../../policy/duration.ts';
import { version } from '../../version.ts';
import { namedIn, namespacesIn } from './arguments.ts';
import { UninstallCluster } from './cluster.ts';
import { uninstall, type UninstallIo, type UninstallOptions } from './uninstall.ts';

/** The options of `spillway uninstall` as they are written. */
export interface UninstallArguments {
  readonly namespaces: string;
  readonly deployment: string;
  readonly lease: string;
  readonly timeout: string;
  readonly onTimeout: UninstallOptions['onTimeout'];
  readonly kubeconfig?: string;
}

/** `spillway uninstall`: resolves to the exit code. Throws SpillwayError. */
export async function uninstallCommand(given: UninstallArguments, io: UninstallIo): Promise<0 | 1> {
  const options = {
    deployment: namedIn(given.deployment),
    lease: namedIn(given.lease),
    timeoutSeconds: parseDuration(given.timeout),
    onTimeout: given.onTimeout,
  };
  const client = connect({
    kubeconfigPath: given.kubeconfig,
    userAgent: userAgentOf(version, process.env['POD_NAME'] ?? 'uninstall'),
  });
  try {
    return await uninstall(options, new UninstallCluster(client, namespacesIn(given.namespaces)), io);
  } finally {
    await client.close();
  }
}
