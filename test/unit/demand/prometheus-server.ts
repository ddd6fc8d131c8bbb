import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../../redis.ts';

/** A real Prometheus that scrapes one exporter, four times a second. */
export interface TestPrometheus {
  readonly url: string;
  /** What the exporter shows from now on, in the text format; undefined: it answers 500. */
  show(metrics: string | undefined): void;
}

/**
 * Starts a Prometheus of its own on the loopback (`apt-get install prometheus`), with an exporter; resolves when it
 * answers. Both end after the test, and nothing is left.
 */
export async function startPrometheus(t: Pick<TestContext, 'after'>): Promise<TestPrometheus> {
  let shown: string | undefined = '';
  const exporter = createServer((_, response) => {
    response.writeHead(shown === undefined ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end(shown);
  });
  exporter.listen(0, '127.0.0.1');
  await once(exporter, 'listening');
  t.after(async () => {
    exporter.close();
    exporter.closeAllConnections();
    await once(exporter, 'close');
  });
  const address = exporter.address();
  if (address === null || typeof address === 'string') throw new Error('the exporter has no port');

  const folder = mkdtempSync(join(tmpdir(), 'spillway-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  writeFileSync(
    config,
    `global: { scrape_interval: 250ms, scrape_timeout: 250ms }
scrape_configs:
  - job_name: jobs
    static_configs: [{ targets: ['127.0.0.1:${address.port}'] }]
`,
  );
  const port = await freePort();
  const server = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const missing = new Promise<never>((_, reject) => {
    server.once('error', (cause) => reject(new Error('apt-get install prometheus', { cause })));
  });
  const gone = once(server, 'exit').catch(() => undefined);
  const kill = (): void => void server.kill('SIGKILL');
  process.once('exit', kill);
  t.after(async () => {
    process.removeListener('exit', kill);
    kill();
    await gone;
    rmSync(folder, { recursive: true });
  });
  await Promise.race([missing, saysReady(server)]);
  return {
    url: `http://127.0.0.1:${port}`,
    show(metrics) {
      shown = metrics;
    },
  };
}

async function saysReady(server: ChildProcess): Promise<void> {
  let said = '';
  // The stream stays open: what the server says later is thrown away, but not refused.
  for await (const chunk of server.stderr?.iterator({ destroyOnReturn: false }) ?? []) {
    said += String(chunk);
    if (said.includes('Server is ready to receive web requests')) {
      server.stderr?.resume();
      return;
    }
  }
  throw new Error(`prometheus ended before it was ready: ${said.slice(-500)}`);
}
