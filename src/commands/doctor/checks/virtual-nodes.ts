import { providerVersionOf } from '../../../act/eligibility/provider-version.ts';
import type { SlimNode } from '../../../cluster/slim.ts';
import { isSuspect, type NodeUse, useOf } from '../../../cluster/virtual-node-use.ts';
import { isVirtual, poolOf } from '../../../cluster/virtual-nodes.ts';
import type { VirtualPool } from '../../../config.ts';
import { tolerates } from '../../../decide/admits.ts';
import type { Taint } from '../../../decide/observation.ts';
import { seconds } from '../../../decide/words.ts';
import { addOnCommands, aksOf } from '../aks.ts';
import { type Found, fail, ok, skipped, warn } from '../finding.ts';
import type { Check, Look } from '../look.ts';

const kinds: Readonly<Record<VirtualPool['kind'], string>> = {
  AksAddon: 'the AKS add-on or the azure-aci chart',
  AciHelm: 'the azure-aci chart',
  AksV2: 'virtual nodes on Azure Container Instances (v2)',
  Generic: 'a virtual-kubelet',
};

/** Which virtual nodes there are, whether they can be used, and whether burst pods get onto them. */
export const checkVirtualNodes: Check = async (look) => {
  const unread = look.unread.get('nodes');
  if (unread !== undefined) return [skipped('virtual-node', unread)];
  const { virtualPools } = look.config;
  const virtual = [...look.store.nodes.values()].filter((node) => isVirtual(node, virtualPools));
  if (virtual.length === 0) return [missing(look)];
  const uses = await Promise.all(virtual.map(async (node) => ({ node, use: await useNow(look, node) })));
  const filed = uses.filter(({ node }) => poolOf(node, virtualPools) !== undefined);
  return [
    ...(filed.length === 0 ? [unfiled(virtual)] : []),
    ...filed.map(({ node, use }) =>
      standing(
        look,
        node,
        use,
        filed.some((other) => other.use === 'usable'),
      ),
    ),
    ...filed.flatMap(({ node }) => taintsOf(node, poolOf(node, virtualPools))),
  ];
};

function missing({ nodes }: Look): Found {
  const aks = aksOf(nodes);
  const elsewhere =
    'Install a virtual-kubelet. If one is there, name its labels and tolerations under virtualPools (docs/configuration.md).';
  return fail(
    'virtual-node',
    'There is no virtual node: nothing can burst.',
    aks === undefined ? elsewhere : addOnCommands(aks),
  );
}

function unfiled(virtual: readonly SlimNode[]): Found {
  const names = virtual.map(({ name }) => name).join(', ');
  const labels = Object.entries(virtual[0]?.labels ?? {})
    .map(([key, value]) => `${key}: ${value}`)
    .join(', ');
  return fail(
    'virtual-node.pool',
    `${names}: virtual, but of none of the configured virtual pools.`,
    `Write some of its labels as nodeSelector of a pool under virtualPools (docs/configuration.md). It has ${labels}.`,
  );
}

function standing(look: Look, node: SlimNode, use: NodeUse, anotherWorks: boolean): Found {
  const { name } = node;
  const bad = anotherWorks ? warn : fail;
  switch (use) {
    case 'usable':
      return ok('virtual-node', `${name} is ready: ${described(look, node)}.`);
    case 'cordoned':
      return bad(
        'virtual-node.cordoned',
        `${name} is cordoned: no pod is put there.`,
        `kubectl uncordon ${name}`,
      );
    case 'notReady':
      return bad(
        'virtual-node.not-ready',
        `${name} is not Ready: its virtual-kubelet has stopped or cannot reach its provider.`,
        `kubectl describe node ${name}\nkubectl get pods -A | grep -E 'aci-connector|virtual-node|virtual-kubelet'\nLook at the log of the pod that runs it.`,
      );
    case 'ghost': {
      const silentMs = look.clock.now() - (node.heartbeatAtMs ?? 0);
      return bad(
        'virtual-node.ghost',
        `${name} is a ghost: it reads Ready, and nobody has renewed it for ${seconds(silentMs / 1000)}.`,
        `Its virtual-kubelet is gone. If it is to stay gone: kubectl delete node ${name}`,
      );
    }
  }
}

function described({ nodes, config }: Look, node: SlimNode): string {
  const pool = poolOf(node, config.virtualPools);
  const kubelet = nodes.find(({ metadata }) => metadata?.name === node.name)?.status?.nodeInfo
    ?.kubeletVersion;
  const version = providerVersionOf(kubelet ?? '');
  const taints = node.taints.map(taintText).join(', ');
  return [
    ...(pool === undefined ? [] : [`pool ${pool.name}`, kinds[pool.kind]]),
    ...(version === undefined ? [] : [`azure-aci ${version}`]),
    taints === '' ? 'no taint' : `taint ${taints}`,
  ].join(', ');
}

/** Taints that keep burst pods off although the node can be used; a node without any lets everybody on. */
function taintsOf(node: SlimNode, pool: VirtualPool | undefined): readonly Found[] {
  const { taints } = node.nodeClass;
  if (taints.every(({ effect }) => effect === 'PreferNoSchedule')) {
    const name = `kubectl taint node ${node.name} virtual-kubelet.io/provider=azure:NoSchedule`;
    return [
      warn(
        'virtual-node.open',
        `${node.name} has no taint: the scheduler puts ordinary pods there while VMs are free.`,
        `Let its virtual-kubelet set its taint, or for now: ${name}`,
      ),
    ];
  }
  const kept = taints.filter(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pool?.tolerations ?? [], taint),
  );
  if (kept.length === 0) return [];
  const [first] = kept;
  return [
    fail(
      'virtual-node.taints',
      `${node.name} has the taint ${kept.map(taintText).join(', ')}, which burst pods of pool ${pool?.name ?? ''} do not tolerate: they would stay pending.`,
      `Add to tolerations of this pool under virtualPools: { key: ${first?.key ?? ''}, operator: Exists, effect: ${first?.effect ?? ''} }`,
    ),
  ];
}

function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === '' ? '' : `=${value}`}:${effect}`;
}

/** What may be done with the node; its Lease is asked where its heartbeat alone does not tell. */
async function useNow({ reader, clock }: Look, node: SlimNode): Promise<NodeUse> {
  if (!isSuspect(node, clock.now())) return useOf(node, undefined, clock.now());
  const lease = await reader.get<{ readonly spec?: { readonly renewTime?: string } }>(
    `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node.name}`,
  );
  const renewedAtMs = lease.state === 'read' ? Date.parse(lease.value.spec?.renewTime ?? '') : Number.NaN;
  return useOf(node, Number.isNaN(renewedAtMs) ? undefined : renewedAtMs, clock.now());
}
