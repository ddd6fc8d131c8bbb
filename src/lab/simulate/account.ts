import { pricePerHour } from '../../limits/price.ts';
import { charge, noSpend, type Spend } from '../../limits/spend.ts';
import type { VirtualNode, World } from '../world/types.ts';
import type { ScenarioFile } from './scenario-schema.ts';

/** What a run has cost. */
export interface Costs {
  readonly vmHours: number;
  readonly burstPodHours: number;
  readonly vmCost: number;
  readonly burstCost: number;
}

export interface AccountOptions {
  readonly world: World;
  readonly node: VirtualNode;
  readonly prices: ScenarioFile['prices'];
  /** `namespace/name` of the policy that the burst is charged to. */
  readonly payer: string;
}

const hourMs = 3_600_000;

/** Adds up what VMs and container groups cost; `settle` counts what is there for the time since the last one. */
export class Account {
  readonly #options: AccountOptions;
  #lastMs: number;
  #counts = false;
  #vmHours = 0;
  #burstPodHours = 0;
  #burstCost = 0;
  /** With that of the warm-up: budgets know none. */
  #spend: Spend = noSpend;

  constructor(options: AccountOptions) {
    this.#options = options;
    this.#lastMs = options.world.now();
  }

  /** From now on it counts. */
  open(): void {
    this.settle();
    this.#counts = true;
  }

  settle(): void {
    const { world, node, prices, payer } = this.#options;
    const fromMs = this.#lastMs;
    const hours = (world.now() - fromMs) / hourMs;
    this.#lastMs = world.now();
    const groups = node.groups();
    let perHour = 0;
    const price = { perCpuHour: prices.cpuHour, perMemoryGbHour: prices.memoryGbHour };
    for (const group of groups) perHour += pricePerHour(group, price);
    // A step is counted at the rate that it ends with, as are the costs.
    const rates = new Map([[payer, perHour]]);
    this.#spend = charge(charge(this.#spend, fromMs, rates), this.#lastMs, rates);
    if (!this.#counts) return;
    this.#vmHours += hours * world.vmNodes.count;
    this.#burstPodHours += hours * groups.length;
    this.#burstCost += hours * perHour;
  }

  /** As the controller's ledger has it. */
  get spend(): Spend {
    return this.#spend;
  }

  get costs(): Costs {
    return {
      vmHours: this.#vmHours,
      burstPodHours: this.#burstPodHours,
      vmCost: this.#vmHours * this.#options.prices.vmHour,
      burstCost: this.#burstCost,
    };
  }
}
