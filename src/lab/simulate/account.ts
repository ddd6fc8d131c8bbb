import type { VirtualNode, World } from '../world/types.ts';
import { RollingSpend } from './observe/spend.ts';
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
}

const hourMs = 3_600_000;

/** Adds up what VMs and container groups cost; `settle` counts what is there for the time since the last one. */
export class Account {
  readonly spend = new RollingSpend();
  readonly #options: AccountOptions;
  #lastMs: number;
  #counts = false;
  #vmHours = 0;
  #burstPodHours = 0;
  #burstCost = 0;
  /** Burst cost with that of the warm-up: budgets know no warm-up. */
  #burstSpent = 0;

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
    const { world, node, prices } = this.#options;
    const hours = (world.now() - this.#lastMs) / hourMs;
    this.#lastMs = world.now();
    const groups = node.groups();
    let perHour = 0;
    for (const { cores, memoryBytes } of groups) {
      perHour += cores * prices.cpuHour + (memoryBytes / 1e9) * prices.memoryGbHour;
    }
    this.#burstSpent += hours * perHour;
    if (groups.length > 0) this.spend.add(this.#lastMs, this.#burstSpent);
    if (!this.#counts) return;
    this.#vmHours += hours * world.vmNodes.count;
    this.#burstPodHours += hours * groups.length;
    this.#burstCost += hours * perHour;
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
