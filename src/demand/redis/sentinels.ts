import type { Clock } from '../../clock.ts';
import { type ErrorCode, SpillwayError } from '../../errors.ts';
import { isRefusedAddress } from './address.ts';
import { Connection } from './connection.ts';
import type { Door } from './door.ts';
import type { Address, Login, SentinelGroup } from './endpoint.ts';
import { sentinelFailureCode } from './failure.ts';

/** How often they are asked whether the master is another one, and how long one may take to say it. */
const askMs = 1_000;
const deadlineMs = 2_000;
/** Who answers later than the first by so much is not waited for. */
const lateMs = 300;

/** Where one Sentinel says that the master is, and how new that is: each failover has a greater epoch. */
interface Answer {
  readonly address: Address;
  readonly epoch: number;
}

/**
 * The Sentinels of one master, a connection to each. All of them are asked, and the newest answer holds: one that was
 * cut off from the others still names the old master, which may still answer. (Redis documentation: "Guidelines for
 * Redis clients with support for Redis Sentinel"; it asks one of them, and hence needs luck in such a partition.)
 */
export class Sentinels implements Door {
  readonly #group: SentinelGroup;
  readonly #login: Login;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #connections = new Map<Address, Promise<Connection>>();
  /** What ends each connection to the master, open or just being made, and where the master was said to be. */
  readonly #ways = new Map<AbortController, Address>();

  /**
   * @param login that of the master
   * @param signal ends it and all that it opened
   */
  constructor(group: SentinelGroup, login: Login, clock: Clock, signal: AbortSignal) {
    this.#group = group;
    this.#login = login;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** Connects to the master. Rejects also where the server there has another role: what it holds may be old. */
  async open(name: string): Promise<Connection> {
    const address = await this.#master();
    const way = new AbortController();
    const until = AbortSignal.any([this.#signal, way.signal]);
    this.#ways.set(way, address);
    try {
      const connection = await Connection.open(address, this.#login, name, this.#clock, until);
      connection.closeOn(until);
      connection.whenClosed(() => this.#ways.delete(way));
      await this.verify(connection);
      return connection;
    } catch (error) {
      way.abort();
      this.#ways.delete(way);
      throw error;
    }
  }

  /** Rejects with REDIS_NOT_READY where the server is no master now. */
  async verify(connection: Connection): Promise<void> {
    const role = await connection.call(deadlineMs, 'ROLE', []);
    if (!Array.isArray(role) || role[0] !== 'master') throw new SpillwayError('REDIS_NOT_READY');
  }

  /** Closes what leads to a master that is none any more, until the signal aborts; never rejects. */
  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      await this.#clock.sleep(askMs, this.#signal).catch(() => undefined);
      // While no Sentinel answers, the master that is known is kept.
      const master = this.#ways.size === 0 ? undefined : await this.#master().catch(() => undefined);
      if (master === undefined) continue;
      for (const [way, address] of this.#ways) {
        if (!isSame(address, master)) way.abort(new SpillwayError('REDIS_UNREACHABLE'));
      }
    }
    for (const opening of this.#connections.values()) {
      await opening.then((connection) => connection.close()).catch(() => undefined);
    }
  }

  async #master(): Promise<Address> {
    const answers: Answer[] = [];
    const failures: ErrorCode[] = [];
    const asked = this.#group.sentinels.map(async (sentinel) => {
      const answer = await this.#ask(sentinel);
      answers.push(answer);
    });
    const late = Promise.any(asked).then(() => this.#clock.sleep(lateMs, this.#signal));
    const all = Promise.all(
      asked.map((answer) => answer.catch((error: unknown) => failures.push(sentinelFailureCode(error)))),
    );
    await Promise.race([all, late.catch(() => all)]);
    this.#signal.throwIfAborted();
    const newest = answers.toSorted((a, b) => b.epoch - a.epoch)[0];
    if (newest === undefined) throw new SpillwayError(worst(failures));
    if (isRefusedAddress(newest.address.host)) throw new SpillwayError('REDIS_ADDRESS_REFUSED');
    return newest.address;
  }

  async #ask(sentinel: Address): Promise<Answer> {
    const opening = this.#connections.get(sentinel) ?? this.#connect(sentinel);
    this.#connections.set(sentinel, opening);
    try {
      const connection = await opening;
      return parsedAnswer(await connection.call(deadlineMs, 'SENTINEL', ['MASTER', this.#group.master]));
    } catch (error) {
      const failed = await opening.catch(() => undefined);
      if (failed?.isOpen !== true && this.#connections.get(sentinel) === opening) {
        this.#connections.delete(sentinel);
      }
      throw error;
    }
  }

  #connect(sentinel: Address): Promise<Connection> {
    const { username, password } = this.#group;
    const login = { database: 0, username, password, tls: this.#login.tls };
    return Connection.open(sentinel, login, 'spillway-sentinel', this.#clock, this.#signal);
  }
}

/** The reply is a flat list of names and values. */
function parsedAnswer(reply: unknown): Answer {
  const flat = Array.isArray(reply) ? reply.map(String) : [];
  const valueOf = (name: string) => flat[flat.findIndex((word, i) => i % 2 === 0 && word === name) + 1];
  const [host, port, epoch] = [valueOf('ip'), Number(valueOf('port')), Number(valueOf('config-epoch'))];
  if (host === undefined || !(port >= 1 && port <= 65_535))
    throw new SpillwayError('REDIS_SENTINEL_UNREACHABLE');
  return { address: { host, port }, epoch: Number.isFinite(epoch) ? epoch : 0 };
}

/** What says more than that nobody answers comes first. */
function worst(codes: readonly ErrorCode[]): ErrorCode {
  return codes.find((code) => code !== 'REDIS_SENTINEL_UNREACHABLE') ?? 'REDIS_SENTINEL_UNREACHABLE';
}

function isSame(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port;
}
