import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent, readAuditLog } from './audit.ts';
import { ensureBinaries } from './build.ts';
import { type Components, describeControlPlane, type ExtraArgs } from './control-plane.ts';
import { type Credential, writeKubeconfig } from './kubeconfig.ts';
import { type Kubectl, kubectlFor, kubectlOrThrow } from './kubectl.ts';
import { createTrust } from './trust.ts';
import { kubernetesVersion } from './versions.ts';
import { VirtualNode } from './virtual-node.ts';
import { type VmNode, vmNodeObject } from './vm-node.ts';

export type { AuditEvent } from './audit.ts';
export type { Component } from './component.ts';
export type { Components } from './control-plane.ts';
export { type Kubectl, type KubectlResult, kubectlOrThrow } from './kubectl.ts';
export type { Deletion, PodMatch, VirtualNode, VirtualNodeSettings, VirtualPod } from './virtual-node.ts';
export type { VmNode } from './vm-node.ts';

/** The name of the AKS add-on's virtual node. */
const addOnNode = 'virtual-node-aci-linux';

export interface ClusterOptions {
  /** Names of the virtual nodes; one like the AKS add-on's by default. */
  readonly virtualNodes?: readonly [string, ...string[]];
  /** Further arguments for components, such as `{ controllerManager: ['--horizontal-pod-autoscaler-sync-period=2s'] }`. */
  readonly extraArgs?: ExtraArgs;
}

/** Who a kubeconfig is for. A service account gets a token that is valid for an hour. */
export type Identity =
  | { readonly user: string; readonly groups?: readonly string[] }
  | { readonly serviceAccount: string; readonly namespace: string }
  | { readonly token: string };

/** What every cluster for tests offers. */
interface AnyCluster {
  readonly kubeconfigPath: string;
  /** A folder for files of the test, which goes with the cluster. */
  readonly dir: string;
  /** kubectl as the administrator. */
  readonly kubectl: Kubectl;
  /** Adds VM nodes that KWOK plays; they are Ready a moment later. */
  addVmNode(...nodes: readonly VmNode[]): Promise<void>;
  removeVmNode(...names: readonly string[]): Promise<void>;
  /** Makes a VM node Ready or not, as its kubelet would. */
  setVmNodeReady(name: string, ready: boolean): Promise<void>;
  /** Ends what `startCluster` started; its folder goes too, unless `SPILLWAY_E2E_KEEP` is set. */
  stop(): Promise<void>;
}

/** A control plane of the test's own. */
export interface OwnCluster extends AnyCluster {
  readonly owned: true;
  readonly url: string;
  readonly caPath: string;
  /** A token of a member of system:masters. */
  readonly adminToken: string;
  readonly auditLogPath: string;
  /** What the API server has recorded so far, oldest first. */
  auditEvents(): AuditEvent[];
  /** Writes a kubeconfig for somebody and returns its path. */
  kubeconfigFor(identity: Identity): Promise<string>;
  /** The first virtual node. */
  readonly virtualNode: VirtualNode;
  readonly virtualNodes: readonly VirtualNode[];
  readonly components: Components;
}

/** An existing cluster, named by `SPILLWAY_E2E_KUBECONFIG`. */
export interface BorrowedCluster extends AnyCluster {
  readonly owned: false;
  /** Why the rest is not there, for the skip message of a test that needs it. */
  readonly missing: string;
  readonly url?: undefined;
  readonly caPath?: undefined;
  readonly adminToken?: undefined;
  readonly auditLogPath?: undefined;
  readonly auditEvents?: undefined;
  readonly kubeconfigFor?: undefined;
  readonly virtualNode?: undefined;
  readonly virtualNodes?: undefined;
  readonly components?: undefined;
}

export type TestCluster = OwnCluster | BorrowedCluster;

/** Starts a control plane, or uses the cluster that `SPILLWAY_E2E_KUBECONFIG` names. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const kubeconfigPath = process.env['SPILLWAY_E2E_KUBECONFIG'];
  return kubeconfigPath === undefined || kubeconfigPath === ''
    ? startOwnCluster(options)
    : borrowCluster(kubeconfigPath);
}

/** Starts a control plane on loopback, in a new temporary folder; ready when pods can be made in `default`. */
export async function startOwnCluster(options: ClusterOptions = {}): Promise<OwnCluster> {
  const binaries = await ensureBinaries();
  const dir = mkdtempSync(join(tmpdir(), 'spillway-cluster-'));
  const trust = await createTrust(join(dir, 'trust'), binaries.certificates);
  const caPath = trust.path('ca.crt');
  const names = options.virtualNodes ?? [addOnNode];
  const { components, url, auditLogPath, controlUrl } = await describeControlPlane({
    dir,
    binaries,
    trust,
    ca: readFileSync(caPath, 'utf8'),
    virtualNodes: names,
    extraArgs: options.extraArgs ?? {},
  });

  const stop = async () => {
    await Promise.all(Object.values(components).map((component) => component.kill()));
    removeFolder(dir);
  };
  try {
    await components.etcd.start();
    await components.apiserver.start();
    const { controllerManager, scheduler, kwok, virtualKubelet } = components;
    await Promise.all(
      [controllerManager, scheduler, kwok, virtualKubelet].map((component) => component.start()),
    );
    for (const component of Object.values(components)) component.expectRunning();
  } catch (error) {
    await stop();
    throw error;
  }

  const kubeconfigPath = join(dir, 'kubeconfig');
  writeKubeconfig(kubeconfigPath, url, caPath, { token: trust.adminToken });
  const kubectl = kubectlFor(binaries.kubectl, kubeconfigPath, dir);
  const virtualNodes = names.map((name) => new VirtualNode(name, controlUrl));

  const credentialOf = async (identity: Identity): Promise<Credential> => {
    if ('token' in identity) return identity;
    if ('user' in identity) return trust.clientCertificate(identity.user, identity.groups ?? []);
    const request = ['create', 'token', identity.serviceAccount, '--namespace', identity.namespace];
    return { token: (await kubectlOrThrow(kubectl, request)).trim() };
  };
  let written = 0;

  return {
    owned: true,
    url,
    caPath,
    kubeconfigPath,
    dir,
    kubectl,
    adminToken: trust.adminToken,
    auditLogPath,
    auditEvents: () => readAuditLog(auditLogPath),
    async kubeconfigFor(identity) {
      written += 1;
      const path = join(dir, `kubeconfig-${written}`);
      writeKubeconfig(path, url, caPath, await credentialOf(identity));
      return path;
    },
    virtualNode: virtualNodes[0] as VirtualNode,
    virtualNodes,
    components,
    ...vmNodes(kubectl),
    stop,
  };
}

function borrowCluster(kubeconfigPath: string): BorrowedCluster {
  const dir = mkdtempSync(join(tmpdir(), 'spillway-cluster-'));
  const assets = process.env['KUBEBUILDER_ASSETS'];
  const kubectl = kubectlFor(assets ? join(assets, 'kubectl') : 'kubectl', kubeconfigPath, dir);
  return {
    owned: false,
    missing:
      'SPILLWAY_E2E_KUBECONFIG names an existing cluster: its audit log, its components and its virtual node are out of reach of the test.',
    kubeconfigPath,
    dir,
    kubectl,
    ...vmNodes(kubectl),
    stop: async () => removeFolder(dir),
  };
}

/** VM nodes are objects only. In a borrowed cluster they need KWOK to be installed there. */
function vmNodes(kubectl: Kubectl): Pick<AnyCluster, 'addVmNode' | 'removeVmNode' | 'setVmNodeReady'> {
  return {
    async addVmNode(...nodes) {
      const items = nodes.map((node) => vmNodeObject(node, kubernetesVersion()));
      await kubectlOrThrow(
        kubectl,
        ['create', '-f', '-'],
        JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
      );
    },
    async removeVmNode(...names) {
      await kubectlOrThrow(kubectl, ['delete', 'node', ...names]);
    },
    async setVmNodeReady(name, ready) {
      await kubectlOrThrow(kubectl, [
        'annotate',
        '--overwrite',
        'node',
        name,
        `test.spillway.dev/ready=${ready}`,
      ]);
    },
  };
}

function removeFolder(dir: string): void {
  if (process.env['SPILLWAY_E2E_KEEP']) return;
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
