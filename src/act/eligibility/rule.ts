/** What runs the virtual node, as `virtualPools[].kind` names it. */
export type PoolKind = 'AksAddon' | 'AciHelm' | 'AksV2' | 'Generic';

/**
 * What is done about a template that breaks a rule. `refuse`: it does not burst, because it would fail or run
 * wrongly. `drop`: that part is left out of the burst pods, because they do the same without it. `warn`: it bursts
 * as it is, and status says what is different.
 */
export type Severity = 'refuse' | 'drop' | 'warn';

/** What a pool may be configured to do about a rule. */
export type RuleSetting = Severity | 'off';

/** One thing that a pod may not have on a virtual node, or that means something else there. */
export interface Rule {
  /** By kind of node; a kind that is not named does not have the rule. */
  readonly on: Readonly<Partial<Record<PoolKind, Severity>>>;
  /** What holds instead on the add-on and the Helm chart with an azure-aci older than `before`. */
  readonly older?: { readonly before: string; readonly setting: RuleSetting };
  /** What is so, as a sentence; `{what}` names the parts of the template that it is about. */
  readonly says: string;
  /** What to do about it, as sentences. */
  readonly remedy: string;
  /** What `drop` leaves out, as the end of "drop takes out …"; undefined: the rule cannot be set to drop. */
  readonly drops?: string;
}

/** Any virtual-kubelet. */
export function everywhere(severity: Severity): Rule['on'] {
  return { ...onAzure(severity), Generic: severity };
}

/** Everything that ends in Azure Container Instances. */
export function onAzure(severity: Severity): Rule['on'] {
  return { ...onV1(severity), AksV2: severity };
}

/** The azure-aci provider, as the AKS add-on or from its Helm chart. */
export function onV1(severity: Severity): Rule['on'] {
  return { AksAddon: severity, AciHelm: severity };
}
