import { Redis } from 'ioredis';
import type { Clock } from '../../clock.ts';
import { connectorFor } from './connector.ts';
import type { Address, Login } from './endpoint.ts';

/** A server that has not let us in by then counts as gone. */
const connectDeadlineMs = 5_000;

/**
 * One connection, from its login to its end. It never connects anew by itself: whoever opened it decides when, and
 * knows what to read again.
 */
export class Connection {
  readonly #redis: Redis;
  readonly #clock: Clock;

  private constructor(redis: Redis, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
  }

  /**
   * Connects and logs in. Rejects with what the server or the socket said (see `failureCode`), and with the signal's
   * reason; nothing stays open then.
   * @param name shown by CLIENT LIST
   */
  static async open(
    address: Address,
    login: Login,
    name: string,
    clock: Clock,
    signal: AbortSignal,
  ): Promise<Connection> {
    signal.throwIfAborted();
    const redis = new Redis({
      Connector: connectorFor(address, login.tls),
      lazyConnect: true,
      // RESP2: the replies are the same for every server that BullMQ runs on.
      protocol: 2,
      db: login.database,
      connectionName: name,
      disableClientInfo: true,
      // Needs no INFO permission; a server that still loads says so to the first command.
      enableReadyCheck: false,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => null,
      connectTimeout: 0,
      ...(login.tls === undefined ? {} : { tls: {} }),
      ...(login.username === undefined ? {} : { username: login.username }),
      ...(login.password === undefined ? {} : { password: login.password }),
    });
    // The first error says why; `connect` itself only says that the connection is closed.
    let cause: Error | undefined;
    redis.on('error', (error: Error) => {
      cause ??= error;
    });
    const hangUp = () => redis.disconnect();
    const cancel = clock.after(connectDeadlineMs, hangUp);
    signal.addEventListener('abort', hangUp);
    try {
      await redis.connect();
      // A SELECT that fails is only an event: going on would read another database.
      if (cause !== undefined) throw cause;
      return new Connection(redis, clock);
    } catch (error) {
      redis.disconnect();
      signal.throwIfAborted();
      throw cause ?? error;
    } finally {
      cancel();
      signal.removeEventListener('abort', hangUp);
    }
  }

  /**
   * Sends one command. Rejects with the server's error; where nothing comes back in time (a half-open connection), the
   * connection is closed, and every command on it rejects.
   */
  async call(deadlineMs: number, command: string, args: readonly (string | number)[]): Promise<unknown> {
    const cancel = this.#clock.after(deadlineMs, () => this.close());
    try {
      return await this.#redis.call(command, [...args]);
    } finally {
      cancel();
    }
  }

  /** Whether commands can be sent on it. */
  get isOpen(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Calls `ended` once it is closed, by either side. */
  whenClosed(ended: () => void): void {
    if (this.isOpen) this.#redis.once('close', ended);
    else ended();
  }

  /** Closes it as soon as the signal aborts. */
  closeOn(signal: AbortSignal): void {
    const hangUp = () => this.close();
    if (signal.aborted) hangUp();
    signal.addEventListener('abort', hangUp, { once: true });
    this.whenClosed(() => signal.removeEventListener('abort', hangUp));
  }

  /** Closes it at once; commands under way reject. */
  close(): void {
    this.#redis.disconnect();
  }
}
