import { everywhere, onAzure, onV1, type Rule } from '../rule.ts';

/** Where a pod may run, and beside whom. */
export const placementRules = {
  TEMPLATE_PINNED: {
    on: everywhere('refuse'),
    says: 'The template is pinned to the virtual pool {what} already, so there is no VM pool to spill from.',
    remedy: 'Take that selector out of the target to let Spillway burst it.',
  },
  TEMPLATE_NODE_NAME: {
    on: everywhere('refuse'),
    says: 'The template names its node ({what}).',
    remedy: 'Take nodeName out of the target: such a pod cannot burst.',
  },
  TEMPLATE_POD_AFFINITY: {
    on: everywhere('refuse'),
    says: 'The template requires to run next to other pods, which a virtual node cannot promise.',
    remedy: 'Make that pod affinity preferred instead of required.',
    drops: 'the required pod affinity',
  },
  TEMPLATE_ANTI_AFFINITY: {
    on: everywhere('drop'),
    says: 'The template keeps its pods away from others by {what}, and all burst pods share one node.',
    remedy: 'Nothing to do: a virtual node is no machine that its pods share.',
    drops: 'the pod anti-affinity, required and preferred',
  },
  TEMPLATE_SPREAD: {
    on: everywhere('drop'),
    says: 'The template spreads its pods by {what}, and a virtual node is one node without zones.',
    remedy: 'Nothing to do: the pods of the target itself are spread as before.',
    drops: 'all topology spread constraints',
  },
  TEMPLATE_NODE_SELECTOR: {
    on: everywhere('drop'),
    says: 'The template selects nodes by {what}, labels that choose among VMs.',
    remedy: 'Nothing to do, unless the label stands for something that the virtual node has not.',
    drops: "labels of the node selector that are not the pool's own",
  },
  TEMPLATE_NODE_AFFINITY: {
    on: everywhere('drop'),
    says: 'The template has a node affinity, which chooses among VMs.',
    remedy: 'Nothing to do, unless it stands for something that the virtual node has not.',
    drops: 'the node affinity, required and preferred',
  },
  TEMPLATE_RUNTIME_CLASS: {
    on: everywhere('warn'),
    says: 'Pods of the runtime class {what} get the node selector of that class, which may keep them off the virtual node.',
    remedy: 'Check that the RuntimeClass has no scheduling.nodeSelector.',
    drops: 'runtimeClassName',
  },
  TEMPLATE_WINDOWS: {
    on: onAzure('refuse'),
    says: 'The template is for Windows, which this virtual node does not run.',
    remedy: 'Configure a pool of kind Generic for a virtual node that runs Windows.',
  },
  TEMPLATE_ARCHITECTURE: {
    on: onAzure('refuse'),
    says: 'The template asks for nodes of {what} alone, and Container Instances run amd64 only.',
    remedy:
      'Build the image for amd64 too and let the template run on both, or set this rule to off if its image has amd64.',
  },
  TEMPLATE_HOST_NAMESPACES: {
    on: onV1('refuse'),
    says: 'The template uses {what}, which the virtual node ignores: there is no host.',
    remedy: 'Take it out of the target, or set this rule to warn if the pods do their work without it.',
  },
  TEMPLATE_HOST_PORT: {
    on: onV1('warn'),
    says: 'The host ports of {what} are not opened there.',
    remedy: 'Reach the pods by their own address, or through a Service.',
    drops: 'hostPort and hostIP of the ports',
  },
  TEMPLATE_HOST_ALIASES: {
    on: onV1('warn'),
    says: 'The host aliases {what} are not known to the pods there.',
    remedy: 'Use names that the DNS of the cluster resolves.',
  },
  TEMPLATE_NETWORK_POLICY: {
    on: onAzure('warn'),
    says: 'The NetworkPolicies {what} are not enforced there.',
    remedy: 'Use a network security group on the subnet of the virtual node.',
  },
  TARGET_RECREATE: {
    on: everywhere('warn'),
    says: 'The Deployment {what} has the strategy Recreate, but at a new template burst pods of the old one still run while new pods start.',
    remedy:
      'Use Recreate only where two versions may run side by side while the burst is drained, or suspend the policy before a rollout.',
  },
} as const satisfies Readonly<Record<string, Rule>>;
