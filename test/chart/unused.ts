/** What is granted and not used in this story, and why it is granted all the same. */
export const unused: readonly (readonly [right: RegExp, reason: string])[] = [
  [/ list$/, 'the way to read all objects where an API server does not stream them at the start of a watch'],
  [/karpenter\.sh.* watch$/, 'Karpenter is not installed here'],
  [/ apps\/deployments get$/, 'where another Deployment has the name of a companion (e2e/neighbours)'],
  [/ pods delete$/, 'burst pods that a virtual node failed (e2e/drain)'],
  [/^kube-node-lease .*leases get$/, 'where the heartbeat of a virtual node is old (e2e/view)'],
  [
    / cluster-autoscaler-status get$/,
    'there is none here: read once the watch shows that it is there (e2e/view)',
  ],
];

/** The same for the hook. */
export const unusedByHook: Readonly<Record<string, string>> = {
  'media apps/deployments delete': 'companions that are still busy when time is up, or that nobody drains',
};
