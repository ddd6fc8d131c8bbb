/** What becomes of a deleted pod on a virtual node: the three are explained in virtualnode/settings.go. */
export type Deletion = 'kill' | 'remove' | 'honour';

/** How a virtual node behaves. It is kept across restarts of the virtual kubelet. */
export interface VirtualNodeSettings {
  /** From the acceptance of a pod to its containers running, in milliseconds, plus up to `startJitterMs`. */
  readonly startDelayMs: number;
  readonly startJitterMs: number;
  /** The error that new pods get; empty when they are accepted. */
  readonly createError: string;
  readonly stuckCreating: boolean;
  readonly nodeReady: boolean;
  readonly deletion: Deletion;
}

/** A pod as the virtual node's provider has it: its "container group". */
export interface VirtualPod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly state: 'Creating' | 'Running' | 'Ended';
  readonly startedAt?: string;
  /** It runs (and would cost), though the API server still shows ProviderFailed. */
  readonly untold?: boolean;
}

/** Which running pods an order is for; all of them when nothing is said. */
export interface PodMatch {
  readonly namespace?: string;
  readonly namePrefix?: string;
}

/** Governs one virtual node, through the control port of the virtual kubelet. */
export class VirtualNode {
  readonly name: string;
  readonly #url: string;

  constructor(name: string, controlUrl: string) {
    this.name = name;
    this.#url = `${controlUrl}/nodes/${name}`;
  }

  /** New pods start after `delayMs`, plus a random part of at most `jitterMs`. */
  async setStartDelay(delayMs: number, jitterMs = 0): Promise<void> {
    await this.#change({ startDelayMs: delayMs, startJitterMs: jitterMs });
  }

  /** Every new pod fails with this text (ProviderFailed); `null` accepts pods again. */
  async failCreates(text: string | null): Promise<void> {
    await this.#change({ createError: text ?? '' });
  }

  /** New pods are accepted and never start; `false` starts them, those accepted meanwhile too. */
  async setStuckCreating(stuck: boolean): Promise<void> {
    await this.#change({ stuckCreating: stuck });
  }

  /** Sets the node's Ready condition. */
  async setReady(ready: boolean): Promise<void> {
    await this.#change({ nodeReady: ready });
  }

  /** Sets what deleting a pod does; `kill` at first. */
  async setDeletion(deletion: Deletion): Promise<void> {
    await this.#change({ deletion });
  }

  async settings(): Promise<VirtualNodeSettings> {
    return (await this.#call('GET', 'settings')) as VirtualNodeSettings;
  }

  /** Lets running pods end by themselves, and returns how many. Exit code 0 is success. */
  async complete(match: PodMatch & { readonly exitCode?: number } = {}): Promise<number> {
    return ((await this.#call('POST', 'complete', match)) as { count: number }).count;
  }

  /** Lets the container groups of running pods vanish (Failed, NotFound), and returns how many. */
  async vanish(match: PodMatch = {}): Promise<number> {
    return ((await this.#call('POST', 'vanish', match)) as { count: number }).count;
  }

  /** What runs on the node, in the eyes of the provider. */
  async pods(): Promise<readonly VirtualPod[]> {
    return (await this.#call('GET', 'pods')) as VirtualPod[];
  }

  async #change(settings: Partial<VirtualNodeSettings>): Promise<void> {
    await this.#call('PATCH', 'settings', settings);
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} of ${this.name}: ${await response.text()}`);
    return response.json();
  }
}
