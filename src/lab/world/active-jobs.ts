/** No worker: the job was taken away, and its place is free again once its time is up. */
const nobody = -1;

/** Jobs in work, in numbered places, by the time at which they end. A binary heap of places. */
export class ActiveJobs {
  #arrivals = new Float64Array(64);
  #marks = new Uint32Array(64);
  #starts = new Float64Array(64);
  #ends = new Float64Array(64);
  #workers = new Int32Array(64);
  #heap = new Int32Array(64);
  readonly #free: number[] = [];
  #heapSize = 0;
  #places = 0;
  /** Jobs that somebody works on. */
  size = 0;

  /** When the next job ends; infinity: none is in work. */
  get nextEndMs(): number {
    return this.#heapSize === 0 ? Number.POSITIVE_INFINITY : (this.#ends[this.#heap[0] ?? 0] ?? 0);
  }

  start(arrivalMs: number, marks: number, startMs: number, endMs: number, worker: number): void {
    const place = this.#free.pop() ?? this.#newPlace();
    this.#arrivals[place] = arrivalMs;
    this.#marks[place] = marks;
    this.#starts[place] = startMs;
    this.#ends[place] = endMs;
    this.#workers[place] = worker;
    this.size += 1;
    this.#push(place);
  }

  /** Takes the job away whose end is next; `ended` is not told of one that was taken from its worker before. */
  endNext(ended: (worker: number, arrivalMs: number, marks: number, workMs: number) => void): void {
    const place = this.#pop();
    this.#free.push(place);
    const worker = this.#workers[place] ?? nobody;
    if (worker === nobody) return;
    this.size -= 1;
    const startMs = this.#starts[place] ?? 0;
    ended(worker, this.#arrivals[place] ?? 0, this.#marks[place] ?? 0, (this.#ends[place] ?? 0) - startMs);
  }

  /** Takes all jobs from a worker that died. */
  takeFrom(worker: number, taken: (arrivalMs: number, marks: number, startMs: number) => void): void {
    for (let index = 0; index < this.#heapSize; index += 1) {
      const place = this.#heap[index] ?? 0;
      if (this.#workers[place] !== worker) continue;
      this.#workers[place] = nobody;
      this.size -= 1;
      taken(this.#arrivals[place] ?? 0, this.#marks[place] ?? 0, this.#starts[place] ?? 0);
    }
  }

  #newPlace(): number {
    if (this.#places === this.#ends.length) {
      this.#arrivals = grown(this.#arrivals, new Float64Array(2 * this.#places));
      this.#marks = grown(this.#marks, new Uint32Array(2 * this.#places));
      this.#starts = grown(this.#starts, new Float64Array(2 * this.#places));
      this.#ends = grown(this.#ends, new Float64Array(2 * this.#places));
      this.#workers = grown(this.#workers, new Int32Array(2 * this.#places));
      this.#heap = grown(this.#heap, new Int32Array(2 * this.#places));
    }
    this.#places += 1;
    return this.#places - 1;
  }

  #push(place: number): void {
    const [heap, ends] = [this.#heap, this.#ends];
    const end = ends[place] ?? 0;
    let index = this.#heapSize;
    this.#heapSize += 1;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = heap[parentIndex] ?? 0;
      if ((ends[parent] ?? 0) <= end) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = place;
  }

  #pop(): number {
    const [heap, ends] = [this.#heap, this.#ends];
    const top = heap[0] ?? 0;
    this.#heapSize -= 1;
    const last = heap[this.#heapSize] ?? 0;
    const end = ends[last] ?? 0;
    let index = 0;
    for (let child = 1; child < this.#heapSize; child = 2 * index + 1) {
      const right = child + 1;
      if (right < this.#heapSize && (ends[heap[right] ?? 0] ?? 0) < (ends[heap[child] ?? 0] ?? 0))
        child = right;
      if (end <= (ends[heap[child] ?? 0] ?? 0)) break;
      heap[index] = heap[child] ?? 0;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
