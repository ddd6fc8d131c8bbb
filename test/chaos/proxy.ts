import { readFileSync } from 'node:fs';
import { Agent, createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ensureBinaries } from '../cluster/build.ts';
import type { OwnCluster } from '../cluster/cluster.ts';
import { writeKubeconfig } from '../cluster/kubeconfig.ts';
import { createTrust } from '../cluster/trust.ts';
import { FaultGate } from './fault-gate.ts';

/** An HTTPS proxy in front of an API server, with a certificate authority of its own. */
export interface FaultProxy {
  readonly gate: FaultGate;
  /** Leads to the proxy as the administrator. */
  readonly kubeconfigPath: string;
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback address. */
export async function startProxy(cluster: OwnCluster, random: () => number): Promise<FaultProxy> {
  const { certificates } = await ensureBinaries();
  const trust = await createTrust(join(cluster.dir, 'proxy-trust'), certificates);
  const agent = new Agent({ ca: readFileSync(cluster.caPath), keepAlive: true });
  const gate = new FaultGate({ upstream: new URL(cluster.url), agent, random });
  const server = createServer(
    { cert: readFileSync(trust.path('apiserver.crt')), key: readFileSync(trust.path('apiserver.key')) },
    gate.serve,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfigPath = join(cluster.dir, 'proxy.kubeconfig');
  writeKubeconfig(kubeconfigPath, `https://127.0.0.1:${port}`, trust.path('ca.crt'), {
    token: cluster.adminToken,
  });
  return {
    gate,
    kubeconfigPath,
    async close() {
      gate.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}
