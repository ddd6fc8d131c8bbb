import type { VirtualPool } from '../../config.ts';
import type { Hit, TemplateView } from './template-view.ts';

/** What is known about the workload of a template, beyond the template. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of a Deployment: all old pods go before new ones come (`strategy: Recreate`). */
  readonly recreate?: boolean;
  /** Names of the NetworkPolicies that select its pods, where somebody has looked. */
  readonly networkPolicies?: readonly string[];
}

/** What a check may look at. */
export interface Judged {
  readonly view: TemplateView;
  readonly pool: VirtualPool;
  readonly workload: Workload | undefined;
}

/** Finds the parts of a template that break one rule; pure. */
export type Check = (judged: Judged) => readonly Hit[];
