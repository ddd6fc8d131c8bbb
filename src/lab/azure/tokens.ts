import { randomBytes } from 'node:crypto';

/** Gives out tokens as Microsoft Entra does, and knows them again. */
export class Tokens {
  /** What each token is for, and until when it holds, milliseconds since the epoch. */
  readonly #given = new Map<string, { readonly audience: string; readonly untilMs: number }>();
  readonly #now: () => number;
  /** How long tokens hold that are given out from now on, seconds. */
  lifetimeSeconds = 3600;
  /** Tokens that were given out. */
  given = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers a token request; undefined: nobody vouches for who asks, or not for a scope. */
  answer(form: URLSearchParams): Readonly<Record<string, unknown>> | undefined {
    const scope = (form.get('scope') ?? '').split(' ').find((one) => one.endsWith('/.default'));
    const vouched = isSaid(form.get('client_assertion')) || isSaid(form.get('client_secret'));
    if (scope === undefined || !vouched || !isSaid(form.get('client_id'))) return undefined;
    const token = randomBytes(24).toString('hex');
    const audience = scope.slice(0, -'/.default'.length);
    this.#given.set(token, { audience, untilMs: this.#now() + this.lifetimeSeconds * 1000 });
    this.given += 1;
    return { token_type: 'Bearer', expires_in: this.lifetimeSeconds, access_token: token };
  }

  /** Whether an Authorization header holds a token for this audience that is not over. */
  holds(authorization: string | undefined, audience: string): boolean {
    const known = this.#given.get((authorization ?? '').replace(/^Bearer /, ''));
    return known?.audience === audience && known.untilMs > this.#now();
  }

  /** No token holds any more. */
  expireAll(): void {
    this.#given.clear();
  }
}

function isSaid(value: string | null): boolean {
  return value !== null && value !== '';
}
