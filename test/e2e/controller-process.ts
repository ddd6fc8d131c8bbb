import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../src/commands/redis-server.ts';
import type { OwnCluster } from '../cluster/cluster.ts';
import { waitFor } from '../cluster/wait-for.ts';
import { fastPool } from './objects.ts';

/** `spillway run` as a process of its own, as in a pod. */
export interface ControllerProcess {
  readonly podName: string;
  readonly url: string;
  /** Its log so far, one parsed line per thing that happened. */
  log(): readonly LogLine[];
  signal(signal: NodeJS.Signals): void;
  /** Waits for its end; resolves to exit code and signal. */
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  /** Ends it if it still runs. */
  end(): Promise<void>;
}

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export async function startControllerProcess(options: {
  readonly cluster: OwnCluster;
  readonly podName: string;
  /** More of the operator's configuration. */
  readonly config?: object;
  /** Other credentials than the administrator's. */
  readonly kubeconfigPath?: string;
}): Promise<ControllerProcess> {
  const { cluster, podName, kubeconfigPath = cluster.kubeconfigPath } = options;
  const port = await freePort();
  const config = join(cluster.dir, `${podName}.yaml`);
  const logFile = join(cluster.dir, `${podName}.log`);
  writeFileSync(
    config,
    JSON.stringify({
      http: { host: '127.0.0.1', port },
      lease: { namespace: 'default' },
      namespaces: 'all',
      virtualPools: [fastPool],
      ...options.config,
    }),
  );
  const child: ChildProcess = spawn(
    process.execPath,
    ['src/cli.ts', 'run', '--kubeconfig', kubeconfigPath, '--config', config, '--log-format', 'json'],
    { env: { ...process.env, POD_NAME: podName }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const file = createWriteStream(logFile, { flags: 'a' });
  child.stdout?.pipe(file, { end: false });
  child.stderr?.pipe(file, { end: false });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  void ended.then(() => process.removeListener('exit', kill));

  const running: ControllerProcess = {
    podName,
    url: `http://127.0.0.1:${port}`,
    log: () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .flatMap((line) => (line.startsWith('{') && line.endsWith('}') ? [JSON.parse(line) as LogLine] : [])),
    signal: (signal) => void child.kill(signal),
    ended,
    async end() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGCONT');
        child.kill('SIGTERM');
        const timer = setTimeout(kill, 12_000);
        await ended;
        clearTimeout(timer);
      }
      file.end();
    },
  };
  await waitFor(`${podName} to be ready`, () => answers(`${running.url}/readyz`), 30_000).catch(
    (error: unknown) => {
      throw new Error(`${podName} did not become ready:\n${readFileSync(logFile, 'utf8').slice(-4000)}`, {
        cause: error,
      });
    },
  );
  return running;
}

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
