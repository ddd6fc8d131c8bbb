import type { Clock } from '../clock.ts';

/** Something to wait for: a ring wakes the one that waits, or the next that will. Rings in between are one. */
export class Bell {
  readonly #clock: Clock;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Waits for a ring, for `timeoutMs` (undefined: without limit), or until `signal` aborts; never rejects. */
  async wait(timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted && (timeoutMs === undefined || timeoutMs > 0)) {
      await new Promise<void>((resolve) => {
        const cancel = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, wake);
        signal.addEventListener('abort', wake);
        this.#wake = wake;
        function wake(): void {
          cancel?.();
          signal.removeEventListener('abort', wake);
          resolve();
        }
      });
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
