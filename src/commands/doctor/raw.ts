import type { RawLabelSelector, RawNode, RawObject, RawPodSpec } from '../../cluster/raw.ts';

/** A node with what only the doctor looks at. */
export type DoctorNode = RawNode & {
  readonly spec?: RawNode['spec'] & { readonly providerID?: string; readonly podCIDR?: string };
  readonly status?: RawNode['status'] & { readonly nodeInfo?: { readonly kubeletVersion?: string } };
};

/** A pod with whose account it runs under. */
export type DoctorPod = RawObject & { readonly spec?: RawPodSpec & { readonly serviceAccountName?: string } };

export type DoctorDeployment = RawObject & {
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly serviceAccountName?: string;
        readonly containers?: readonly { readonly args?: readonly string[] }[];
        readonly volumes?: readonly { readonly configMap?: { readonly name?: string } }[];
      };
    };
  };
};

export type DisruptionBudget = RawObject & {
  readonly spec?: {
    readonly selector?: RawLabelSelector;
    readonly minAvailable?: number | string;
    readonly maxUnavailable?: number | string;
  };
  readonly status?: { readonly disruptionsAllowed?: number };
};
