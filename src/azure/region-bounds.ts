import type { Clock } from '../clock.ts';
import { Alarm } from './alarm.ts';
import type { Arm } from './arm.ts';
import { type LargestGroup, largestGroup } from './capability.ts';
import { ArmFailure } from './failure.ts';

export interface RegionBoundsOptions {
  readonly arm: Pick<Arm, 'capabilities'>;
  readonly region: string;
  readonly clock: Clock;
  readonly onFailure: (failure: ArmFailure) => void;
}

/** What a region offers changes a few times a year. */
const everySeconds = 86_400;
/** Until it is known it is asked for so often. */
const untilKnownSeconds = 300;
/** A start does not wait for Azure for longer than this, ms. */
const patienceMs = 5_000;

/** The largest container group of the region, as last known. */
export class RegionBounds {
  readonly #options: RegionBoundsOptions;
  readonly #alarm: Alarm;
  #largest: LargestGroup | undefined;

  constructor(options: RegionBoundsOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.clock);
  }

  /** Undefined: Azure has not told yet. */
  largest(): LargestGroup | undefined {
    return this.#largest;
  }

  /**
   * Asks at the start: rejects with AZURE_REGION_UNKNOWN if that is the answer. Any other failure, or no answer within 5 s, is
   * no reason not to start.
   */
  async check(): Promise<void> {
    const stop = new AbortController();
    const patience = this.#options.clock.sleep(patienceMs, stop.signal).catch(() => undefined);
    try {
      await Promise.race([this.#look(stop.signal), patience]);
    } catch (error) {
      if (error instanceof ArmFailure && error.code === 'AZURE_REGION_UNKNOWN') throw error;
      if (error instanceof ArmFailure) this.#options.onFailure(error);
      else throw error;
    } finally {
      stop.abort();
    }
  }

  /** Asks again now and then until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#alarm.wait(this.#largest === undefined ? untilKnownSeconds : everySeconds, signal);
      if (signal.aborted) return;
      await this.#look(signal).catch((error: unknown) => {
        if (signal.aborted) return;
        this.#options.onFailure(error instanceof ArmFailure ? error : new ArmFailure('AZURE_FAILED'));
      });
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { arm, region } = this.#options;
    const largest = largestGroup(await arm.capabilities(signal));
    if (largest === undefined) throw new ArmFailure('AZURE_REGION_UNKNOWN', {}, { region });
    this.#largest = largest;
  }
}
