import { withNodeVersion } from '../../act/eligibility/provider-version.ts';
import { collectionPath } from '../../cluster/resources.ts';
import { poolOf } from '../../cluster/virtual-nodes.ts';
import type { Config, VirtualPool } from '../../config.ts';
import { SpillwayError } from '../../errors.ts';
import type { BurstPolicy } from '../../policy/schema.ts';
import { accountOf } from './account.ts';
import type { DoctorOptions } from './doctor.ts';
import type { Account, Look } from './look.ts';
import type { DoctorNode } from './raw.ts';
import { takeSnapshot } from './snapshot.ts';

/** What was asked for, taken apart. */
export interface Wanted {
  /** Undefined: all, or for a policy that of the kubeconfig. */
  readonly namespace: string | undefined;
  /** Undefined: all policies. */
  readonly name: string | undefined;
  /** Undefined: it is looked for. */
  readonly account: Account | undefined;
}

/** Reads names. Throws EXPLAIN_KEY_INVALID and DOCTOR_ACCOUNT_INVALID where they are none. */
export function wantedOf({
  policy,
  namespace,
  serviceAccount,
}: Pick<DoctorOptions, 'policy' | 'namespace' | 'serviceAccount'>): Wanted {
  const account = serviceAccount === undefined ? undefined : accountNamed(serviceAccount);
  if (policy === undefined) return { namespace, name: undefined, account };
  const [, before, name] = /^(?:([a-z0-9-]{1,63})\/)?([a-z0-9.-]{1,253})$/.exec(policy) ?? [];
  if (name === undefined || (before !== undefined && namespace !== undefined && before !== namespace)) {
    throw new SpillwayError('EXPLAIN_KEY_INVALID', { key: policy });
  }
  return { namespace: before ?? namespace, name, account };
}

function accountNamed(text: string): Account {
  const [, namespace, name] = /^([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new SpillwayError('DOCTOR_ACCOUNT_INVALID', { value: text });
  }
  return { namespace, name };
}

/**
 * Reads what several checks look at. `usual`: the namespace of the kubeconfig. Throws EXPLAIN_NOT_FOUND where the policy that
 * was asked for is not there.
 */
export async function lookAround(
  wanted: Wanted,
  usual: string | undefined,
  tools: Pick<Look, 'reader' | 'clock' | 'settings' | 'queues'>,
): Promise<Look> {
  const { reader, settings } = tools;
  const { config } = settings;
  const { name } = wanted;
  const namespace = name === undefined ? wanted.namespace : (wanted.namespace ?? usual ?? 'default');
  const listed = await reader.list<BurstPolicy>(collectionPath('policies', namespace));
  const all = listed.state === 'read' ? listed.value : [];
  const policies = all.filter(({ metadata }) => name === undefined || metadata.name === name);
  if (name !== undefined && listed.state === 'read' && policies.length === 0) {
    throw new SpillwayError('EXPLAIN_NOT_FOUND', { key: `${namespace ?? ''}/${name}` });
  }
  const namespaces = [...new Set(policies.map(({ metadata }) => metadata.namespace ?? 'default'))];
  const [nodes, account, snapshot] = await Promise.all([
    reader.list<DoctorNode>(collectionPath('nodes')),
    wanted.account ?? accountOf(reader, config),
    takeSnapshot(reader, namespace, namespaces),
  ]);
  const raw = nodes.state === 'read' ? nodes.value : [];
  return {
    ...tools,
    ...snapshot,
    config,
    nodes: raw,
    policies: listed.state === 'absent' ? undefined : policies,
    account,
    pool: poolAmong(config, snapshot.store.nodes.values(), raw),
  };
}

/** The pool that policies burst to: the first whose nodes exist; without any, the AKS add-on, which takes least. */
function poolAmong(
  { virtualPools }: Config,
  nodes: Iterable<Parameters<typeof poolOf>[0]>,
  raw: readonly DoctorNode[],
): VirtualPool | undefined {
  const filed = [...nodes].map((node) => ({ node, pool: poolOf(node, virtualPools) }));
  const pool =
    virtualPools.find((each) => filed.some((entry) => entry.pool === each)) ??
    virtualPools.find(({ kind }) => kind === 'AksAddon') ??
    virtualPools[0];
  const name = filed.find((entry) => entry.pool === pool)?.node.name;
  const kubelet = raw.find(({ metadata }) => metadata?.name === name)?.status?.nodeInfo?.kubeletVersion;
  return pool === undefined ? undefined : withNodeVersion(pool, kubelet ?? '');
}
