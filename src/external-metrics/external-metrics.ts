import type { Clock } from '../clock.ts';
import { ApiError, explained } from '../cluster/api-error.ts';
import type { ClusterClient } from '../cluster/client.ts';
import type { Fence } from '../cluster/lease.ts';
import { secretsOf } from '../cluster/secrets.ts';
import { SpillwayError } from '../errors.ts';
import type { Known } from './answer.ts';
import { type ServiceName, trust } from './api-service.ts';
import { followAuthorities } from './authorities.ts';
import { type Certificate } from './certificate/certificate.ts';
import { filesIn, followFiles, followSecret } from './certificate/follow.ts';
import { keepCertificate, keptName } from './certificate/kept.ts';
import { MetricsServer } from './server.ts';

export interface ExternalMetricsOptions {
  readonly client: ClusterClient;
  readonly clock: Clock;
  readonly known: Known;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Folder with the files of a Secret of type kubernetes.io/tls; undefined: the leader makes a certificate and keeps it. */
  readonly certDir: string | undefined;
  /** The Service that the APIService has to lead to. */
  readonly service: ServiceName;
  /** Namespace of Spillway, where the certificate is kept. */
  readonly namespace: string;
  /** Told of the certificate that is shown from now on. */
  readonly onCertificate?: (certificate: Certificate) => void;
  /** Told of what cannot be done, once until it is something else or has been done. */
  readonly onProblem: (error: unknown) => void;
}

/** How often the leader looks at certificate and APIService, and how soon again where something was in the way. */
const tendEveryMs = 10_000;
const tendAgainMs = 2_000;
/** API servers follow the APIService by a watch: they know of a change within a second, also with many of them. */
const settleMs = 5_000;

/**
 * The external metrics API (docs/hpa.md): a server on every replica, and what the leader does for all of them so that the
 * API server trusts it.
 */
export class ExternalMetrics {
  readonly #options: ExternalMetricsOptions;
  readonly #server: MetricsServer;
  readonly #stop = new AbortController();
  readonly #told = new Map<string, string>();

  /** Begins to listen. Throws EXTERNAL_METRICS_LISTEN_FAILED. */
  static async start(options: ExternalMetricsOptions): Promise<ExternalMetrics> {
    const server = new MetricsServer({ ...options, onError: options.onProblem });
    return new ExternalMetrics(options, server, await server.listen());
  }

  /** The port that it listens on. */
  readonly port: number;

  private constructor(options: ExternalMetricsOptions, server: MetricsServer, port: number) {
    this.#options = options;
    this.#server = server;
    this.port = port;
    this.#follow();
  }

  /** Looks after certificate and APIService until `signal` aborts; for the leader alone. Never rejects. */
  async lead(fence: Fence, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const either = AbortSignal.any([signal, this.#stop.signal]);
    while (!either.aborted) {
      const done = await this.#try('tend', () => this.#tend(fence, either));
      await clock.sleep(done ? tendEveryMs : tendAgainMs, either).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#server.close();
  }

  #follow(): void {
    const { client, clock, certDir, namespace, onCertificate } = this.#options;
    const { signal } = this.#stop;
    followAuthorities({
      client,
      clock,
      signal,
      onChange: (authorities) => {
        this.#told.delete('authorities');
        this.#server.believe(authorities);
      },
      onProblem: (error) => this.#tell('authorities', error),
    });
    const following = {
      clock,
      signal,
      onChange: (certificate: Certificate) => {
        this.#told.delete('certificate');
        this.#server.show(certificate);
        onCertificate?.(certificate);
      },
      onProblem: (error: unknown) => this.#tell('certificate', error),
    };
    if (certDir !== undefined) followFiles(certDir, following);
    else followSecret(secretsOf(client, clock), { namespace, name: keptName }, following);
  }

  /** Resolves to whether all is as it should be. */
  async #tend(fence: Fence, signal: AbortSignal): Promise<boolean> {
    const { client, clock, certDir, service, namespace } = this.#options;
    const announce = (authority: string): Promise<boolean> => trust(authority, { client, fence, service });
    if (certDir !== undefined) {
      const { authority } = await filesIn(certDir);
      // Without a ca.crt whoever writes the files sees to the caBundle.
      return authority === undefined || announce(authority);
    }
    const settle = (): Promise<boolean> =>
      clock.sleep(settleMs, signal).then(
        () => true,
        () => false,
      );
    const host = `${service.name}.${service.namespace}.svc`;
    const authority = await keepCertificate(
      { client, fence, namespace, host, announce, settle },
      clock.now(),
    );
    return authority !== undefined && announce(authority);
  }

  async #try(what: string, work: () => Promise<boolean>): Promise<boolean> {
    try {
      const done = await work();
      if (done) this.#told.delete(what);
      return done;
    } catch (error) {
      this.#tell(what, error);
      // What only people can mend is not asked for every two seconds.
      return error instanceof SpillwayError;
    }
  }

  #tell(what: string, error: unknown): void {
    // Each replica starts before the first leader has made the Secret: that is no problem.
    if (error instanceof SpillwayError && error.code === 'SECRET_NOT_FOUND') return;
    const message = error instanceof Error ? error.message : String(error);
    if (this.#told.get(what) === message) return;
    this.#told.set(what, message);
    this.#options.onProblem(error instanceof ApiError ? explained(error) : error);
  }
}
