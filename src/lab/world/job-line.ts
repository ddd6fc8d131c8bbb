/** Jobs in a row, two numbers each: a ring that grows. First in, first out; what was interrupted may be put in front. */
export class JobLine {
  #arrivals = new Float64Array(64);
  #marks = new Uint32Array(64);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** When the first in the row arrived. */
  get firstArrivalMs(): number {
    return this.#arrivals[this.#head] ?? 0;
  }

  get firstMarks(): number {
    return this.#marks[this.#head] ?? 0;
  }

  push(arrivalMs: number, marks: number): void {
    if (this.#size === this.#arrivals.length) this.#grow();
    const index = (this.#head + this.#size) & (this.#arrivals.length - 1);
    this.#arrivals[index] = arrivalMs;
    this.#marks[index] = marks;
    this.#size += 1;
  }

  pushFront(arrivalMs: number, marks: number): void {
    if (this.#size === this.#arrivals.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#arrivals.length - 1);
    this.#arrivals[this.#head] = arrivalMs;
    this.#marks[this.#head] = marks;
    this.#size += 1;
  }

  /** Takes the first away; read it before. */
  shift(): void {
    this.#head = (this.#head + 1) & (this.#arrivals.length - 1);
    this.#size -= 1;
  }

  /** The length stays a power of two, so that an index wraps with a mask. */
  #grow(): void {
    const length = this.#arrivals.length;
    const [arrivals, marks] = [new Float64Array(2 * length), new Uint32Array(2 * length)];
    for (let index = 0; index < this.#size; index += 1) {
      const from = (this.#head + index) & (length - 1);
      arrivals[index] = this.#arrivals[from] ?? 0;
      marks[index] = this.#marks[from] ?? 0;
    }
    [this.#arrivals, this.#marks, this.#head] = [arrivals, marks, 0];
  }
}
