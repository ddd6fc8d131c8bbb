/**
 * Randomness that can be repeated: sfc32 (C. Doty-Humphrey's "small fast counting" generator, 128 bits of state,
 * one 32-bit number a step), seeded from text.
 */
export interface Random {
  /** Uniform in [0, 1), with 32 bits. */
  next(): number;
  /** A whole number in [0, below). */
  integer(below: number): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
  /** Lower-case text in the alphabet of Kubernetes' generated names. */
  suffix(length: number): string;
  /** A stream of its own: what others draw does not shift it. The same name gives the same stream. */
  fork(name: string): Random;
}

/** Without vowels and look-alikes, so that no words appear (k8s.io/apimachinery, util/rand). */
const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** A stream that depends on nothing but the seed. */
export function createRandom(seed: string | number): Random {
  let [a, b, c] = seedWords(`${seed}`);
  let counter = 1;
  const step = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) step();

  const next = (): number => step() / 4_294_967_296;
  const integer = (below: number): number => Math.floor(next() * below);
  return {
    next,
    integer,
    normal() {
      // Box and Muller; 1 − next() is never 0.
      return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    },
    suffix(length) {
      let text = '';
      for (let index = 0; index < length; index += 1)
        text += nameAlphabet[integer(nameAlphabet.length)] ?? '';
      return text;
    },
    fork: (name) => createRandom(`${seed}/${name}`),
  };
}

/** Three words out of any text: FNV-1a with three different starts. */
function seedWords(text: string): [number, number, number] {
  const word = (start: number): number => {
    let hash = start;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
    }
    return hash | 0;
  };
  return [word(2_166_136_261), word(374_761_393), word(668_265_263)];
}
