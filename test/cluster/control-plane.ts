import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditPolicy } from './audit.ts';
import type { Binaries, Program } from './build.ts';
import { Component } from './component.ts';
import { freePorts } from './free-ports.ts';
import { type Get, httpsGet } from './https.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Trust } from './trust.ts';
import { moduleDir } from './versions.ts';

/** How long any component may take to serve, in milliseconds: a slow machine that builds meanwhile takes long. */
const startTimeoutMs = 90_000;

/** The components of a control plane, by the names under which tests kill and freeze them. */
export interface Components {
  readonly etcd: Component;
  readonly apiserver: Component;
  readonly controllerManager: Component;
  readonly scheduler: Component;
  readonly kwok: Component;
  readonly virtualKubelet: Component;
}

/** Arguments that follow a component's own: of a flag that is given twice the later wins, except that lists add up. */
export type ExtraArgs = Readonly<Partial<Record<keyof Components, readonly string[]>>>;

/** A control plane that is described and not yet started. */
export interface ControlPlane {
  readonly components: Components;
  readonly url: string;
  readonly get: Get;
  readonly auditLogPath: string;
  /** Where the virtual kubelet is governed. */
  readonly controlUrl: string;
}

export interface ControlPlaneOptions {
  readonly dir: string;
  readonly binaries: Binaries;
  readonly trust: Trust;
  readonly ca: string;
  readonly virtualNodes: readonly string[];
  readonly extraArgs: ExtraArgs;
}

/** Describes the components of a control plane in `dir`, on free ports of the loopback address. */
export async function describeControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { dir, binaries, trust, ca, virtualNodes, extraArgs } = options;
  const [etcdPort, peerPort, apiPort, controlPort] = (await freePorts(4)) as [number, number, number, number];
  const url = `https://127.0.0.1:${apiPort}`;
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const controlUrl = `http://127.0.0.1:${controlPort}`;
  const auditLogPath = join(dir, 'audit.log');
  const get = httpsGet(url, ca, trust.adminToken);

  const component = (
    name: keyof Components,
    program: Program,
    flags: Readonly<Record<string, string | number | boolean>>,
    isReady: () => Promise<boolean>,
  ) =>
    new Component({
      name,
      command: binaries[program],
      args: [
        ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
        ...(extraArgs[name] ?? []),
      ],
      env: { KWOK_WORKDIR: dir }, // KWOK would read ~/.kwok/kwok.yaml first
      logPath: join(dir, `${name}.log`),
      isReady,
      startTimeoutMs,
    });
  const kubeconfigOf = async (name: string, user: string, groups: readonly string[]) => {
    const path = join(dir, `${name}.kubeconfig`);
    writeKubeconfig(path, url, trust.path('ca.crt'), await trust.clientCertificate(user, groups));
    return path;
  };
  /** For components that serve nothing of their own: they run as soon as they are started. */
  const running = async () => true;

  writeFileSync(join(dir, 'audit-policy.json'), JSON.stringify(auditPolicy));

  const etcd = component(
    'etcd',
    'etcd',
    {
      name: 'default',
      'data-dir': join(dir, 'etcd'),
      'listen-client-urls': etcdUrl,
      'advertise-client-urls': etcdUrl,
      'listen-peer-urls': `http://127.0.0.1:${peerPort}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peerPort}`,
      'initial-cluster': `default=http://127.0.0.1:${peerPort}`,
      // A kill of the process keeps what it wrote, and a test does not survive the machine.
      'unsafe-no-fsync': true,
    },
    async () => (await fetch(`${etcdUrl}/health`)).ok,
  );

  const apiserver = component(
    'apiserver',
    'kube-apiserver',
    {
      'etcd-servers': etcdUrl,
      'bind-address': '127.0.0.1',
      'secure-port': apiPort,
      'tls-cert-file': trust.path('apiserver.crt'),
      'tls-private-key-file': trust.path('apiserver.key'),
      // Endpoints may not be loopback addresses: none are published for the service "kubernetes" (RFC 5737 address).
      'advertise-address': '192.0.2.1',
      'endpoint-reconciler-type': 'none',
      'service-cluster-ip-range': '10.96.0.0/16',
      'authorization-mode': 'RBAC',
      'client-ca-file': trust.path('ca.crt'),
      'token-auth-file': trust.path('tokens.csv'),
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': trust.path('service-account.pub'),
      'service-account-signing-key-file': trust.path('service-account.key'),
      'audit-policy-file': join(dir, 'audit-policy.json'),
      'audit-log-path': auditLogPath,
      'audit-log-format': 'json',
      'audit-log-maxsize': 4_096, // MB: a test reads one file
      // Aggregated APIs: https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/
      'requestheader-client-ca-file': trust.path('front-proxy-ca.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'proxy-client-cert-file': trust.path('front-proxy-client.crt'),
      'proxy-client-key-file': trust.path('front-proxy-client.key'),
      'enable-aggregator-routing': true,
      profiling: false,
    },
    async () => (await get('/readyz')).status === 200,
  );

  const client = { 'kube-api-qps': 1_000, 'kube-api-burst': 2_000, 'leader-elect': false, 'secure-port': 0 };
  const controllerManager = component(
    'controllerManager',
    'kube-controller-manager',
    {
      ...client,
      kubeconfig: await kubeconfigOf('controllerManager', 'system:kube-controller-manager', []),
      'use-service-account-credentials': true, // each controller by its own name in the audit log, with its own rights
      'service-account-private-key-file': trust.path('service-account.key'),
      'root-ca-file': trust.path('ca.crt'),
    },
    async () => (await get('/api/v1/namespaces/default/serviceaccounts/default')).status === 200,
  );

  const scheduler = component(
    'scheduler',
    'kube-scheduler',
    { ...client, kubeconfig: await kubeconfigOf('scheduler', 'system:kube-scheduler', []) },
    running,
  );

  const kwok = component(
    'kwok',
    'kwok',
    {
      kubeconfig: await kubeconfigOf('kwok', 'kwok', ['system:masters']),
      config: join(moduleDir, 'kwok.yaml'),
    },
    running,
  );

  const virtualKubelet = component(
    'virtualKubelet',
    'virtual-kubelet',
    {
      kubeconfig: await kubeconfigOf('virtualKubelet', 'virtual-kubelet', ['system:masters']),
      nodes: virtualNodes.join(','),
      'control-address': `127.0.0.1:${controlPort}`,
      'state-dir': dir,
    },
    async () => {
      const nodes = await Promise.all(virtualNodes.map((name) => get(`/api/v1/nodes/${name}`)));
      return nodes.every(({ status }) => status === 200) && (await fetch(controlUrl)).status === 404;
    },
  );

  const components = { etcd, apiserver, controllerManager, scheduler, kwok, virtualKubelet };
  return { components, url, get, auditLogPath, controlUrl };
}
