import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { waitFor } from '../cluster/wait-for.ts';
import { freePort } from '../redis.ts';

/** A real Prometheus that scrapes a controller every second and evaluates our rules as often. */
export interface Prometheus {
  /** What an instant query returns now; throws where Prometheus refuses it. */
  query(expr: string): Promise<readonly Series[]>;
  /** All rules as they were last evaluated. */
  rules(): Promise<readonly EvaluatedRule[]>;
  close(): Promise<void>;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** NaN where nothing happened that could be measured. */
  readonly value: number;
}

export interface EvaluatedRule {
  readonly name: string;
  readonly type: 'recording' | 'alerting';
  readonly health: 'ok' | 'err' | 'unknown';
  readonly lastError?: string;
  /** Of an alert. */
  readonly state?: 'inactive' | 'pending' | 'firing';
}

interface Answer<T> {
  readonly status: 'success' | 'error';
  readonly error?: string;
  readonly data?: T;
}

/**
 * Starts it on a free port of the loopback; resolves when it is ready. Targets carry the labels that the operator of Prometheus
 * gives them, `namespace` among them, so that ours have to be kept.
 */
export async function startPrometheus(controllerUrl: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
  const config = join(folder, 'prometheus.yaml');
  const targetLabels = { namespace: 'spillway', pod: 'spillway-0', container: 'spillway' };
  writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: [resolve('charts/spillway/files/rules.yaml')],
      scrape_configs: [
        {
          job_name: 'spillway',
          honor_labels: true,
          static_configs: [{ targets: [new URL(controllerUrl).host], labels: targetLabels }],
        },
      ],
    }),
  );
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=warn',
    ],
    { stdio: 'ignore' },
  );
  const failed = once(server, 'error').then(([cause]) => {
    throw new Error('prometheus does not start: apt-get install --no-install-recommends prometheus', {
      cause,
    });
  });
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([failed, waitFor('prometheus to be ready', () => isReady(url, server))]);

  async function ask<T>(path: string, body?: URLSearchParams): Promise<T> {
    const response = await fetch(`${url}${path}`, body === undefined ? {} : { method: 'POST', body });
    const { data, error } = (await response.json()) as Answer<T>;
    if (data === undefined)
      throw new Error(`Prometheus refuses ${body?.get('query') ?? path}: ${error ?? ''}`);
    return data;
  }

  return {
    async query(expr) {
      const { result } = await ask<{
        readonly result: readonly {
          readonly metric: Series['metric'];
          readonly value: readonly [number, string];
        }[];
      }>('/api/v1/query', new URLSearchParams({ query: expr }));
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    async rules() {
      const { groups } = await ask<{
        readonly groups: readonly { readonly rules: readonly EvaluatedRule[] }[];
      }>('/api/v1/rules');
      return groups.flatMap(({ rules }) => rules);
    },
    async close() {
      process.removeListener('exit', kill);
      if (server.exitCode === null && server.signalCode === null) {
        const gone = once(server, 'exit');
        kill();
        await gone;
      }
      rmSync(folder, { recursive: true });
    },
  };
}

async function isReady(url: string, server: ChildProcess): Promise<boolean> {
  if (server.exitCode !== null) throw new Error(`prometheus ended with ${server.exitCode}`);
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
