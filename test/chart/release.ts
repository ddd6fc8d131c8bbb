import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/commands/redis-server.ts';
import { waitFor } from '../cluster/wait-for.ts';
import type { Scene } from '../e2e/scene.ts';
import { type HelmResult, helm } from './helm.ts';
import { releaseName, releaseNamespace, valuesText } from './render.ts';

/** A process in place of a container that no kubelet runs: its command and account are those of a rendered pod. */
export interface PodProcess {
  readonly podName: string;
  /** Where it serves, if it does. */
  readonly url: string;
  log(): string;
  /** Most memory that it had resident so far, bytes. */
  peakBytes(): number;
  /** Its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Asks it to end as a kubelet does. */
  stop(): Promise<void>;
  /** Ends it as a node does that loses its power: it gives nothing back. */
  kill(): Promise<void>;
}

/** The configuration in the ConfigMap, as far as it says where to listen. */
interface Settings {
  readonly externalMetrics?: object;
}

interface PodTemplate {
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly { readonly args: readonly string[] }[];
  };
}

/** Helm against the cluster of a scene. */
export class Release {
  readonly #scene: Scene;
  readonly #home: string;
  #started = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#home = join(scene.cluster.dir, 'helm');
    mkdirSync(this.#home);
  }

  /** `helm <verb> spillway` in its namespace. */
  helm(verb: string, args: readonly string[], values?: object): Promise<HelmResult> {
    const given = values === undefined ? [] : ['--values', '-'];
    return helm([verb, releaseName, ...args, '--namespace', releaseNamespace, ...given], {
      kubeconfigPath: this.#scene.cluster.kubeconfigPath,
      home: this.#home,
      ...(values === undefined ? {} : { input: valuesText(values) }),
    });
  }

  /** `helm <verb>` that has to work. */
  async did(verb: string, args: readonly string[], values?: object): Promise<string> {
    const { stdout, stderr, code } = await this.helm(verb, args, values);
    if (code !== 0) throw new Error(`helm ${verb}: ${stderr}`);
    return stdout;
  }

  /** Starts what the Deployment says, with the configuration that stands in the cluster. */
  async controller(podName: string): Promise<PodProcess> {
    const { spec } = await this.read<{ spec: { template: PodTemplate } }>('deployment', releaseName);
    const config = await this.read<{ data: Record<string, string> }>('configmap', releaseName);
    const port = await freePort();
    const file = join(this.#scene.cluster.dir, `${podName}.yaml`);
    const settings = parse(config.data['spillway.yaml'] ?? '') as Settings;
    const { externalMetrics } = settings;
    // Where it listens is all that a pod has for itself and a process on this machine has not.
    const listening = {
      http: { host: '127.0.0.1', port },
      ...(externalMetrics === undefined ? {} : { externalMetrics: { ...externalMetrics, port: 0 } }),
    };
    writeFileSync(file, stringify({ ...settings, ...listening }));
    const started = await this.#start(spec.template, podName, { '/etc/spillway/spillway.yaml': file }, port);
    await waitFor(`${podName} to be ready`, async () => isReady(started.url), 30_000).catch(
      (cause: unknown) => {
        throw new Error(started.log().slice(-4000), { cause });
      },
    );
    return started;
  }

  /** Starts what the Job of the hook says. */
  async hook(): Promise<PodProcess> {
    const name = `${releaseName}-uninstall`;
    const job = await waitFor('the Job of the hook', () =>
      this.read<{ spec: { template: PodTemplate } }>('job', name).catch(() => undefined),
    );
    return this.#start(job.spec.template, name, {}, 0);
  }

  /** Lets the pod of the hook's Job end well, as its kubelet would say. */
  async completeHook(): Promise<void> {
    const selector = `job-name=${releaseName}-uninstall`;
    await waitFor('the pod of the hook', async () => {
      const { stdout } = await this.#scene.cluster.kubectl([
        'annotate',
        'pod',
        '--overwrite',
        `--namespace=${releaseNamespace}`,
        `--selector=${selector}`,
        'test.spillway.dev/run-for=1ms',
      ]);
      return stdout.includes('annotated');
    });
  }

  /** An object in the namespace of the release. */
  async read<T>(kind: string, name: string): Promise<T> {
    return JSON.parse(await this.#scene.kubectl(`get ${kind} ${name} -n ${releaseNamespace} -o json`)) as T;
  }

  async #start(
    { spec }: PodTemplate,
    podName: string,
    files: Readonly<Record<string, string>>,
    port: number,
  ): Promise<PodProcess> {
    this.#started += 1;
    const logFile = join(this.#scene.cluster.dir, `${podName}-${this.#started}.log`);
    writeFileSync(logFile, '');
    const kubeconfig = await this.#scene.cluster.kubeconfigFor({
      serviceAccount: spec.serviceAccountName,
      namespace: releaseNamespace,
    });
    const args = (spec.containers[0]?.args ?? []).map((arg) => files[arg] ?? arg);
    const child = spawn(process.execPath, ['src/cli.ts', ...args, '--kubeconfig', kubeconfig], {
      env: { ...process.env, POD_NAME: podName, NODE_OPTIONS: '--max-semi-space-size=4' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(logFile, { flags: 'a' });
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    const ended = once(child, 'exit').then(([code]) => code as number | null);
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    void ended.then(() => process.removeListener('exit', kill));
    let peak = 0;
    return {
      podName,
      url: `http://127.0.0.1:${port}`,
      log: () => readFileSync(logFile, 'utf8'),
      peakBytes() {
        const [, kilobytes] =
          /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8')) ?? [];
        peak = Math.max(peak, Number(kilobytes ?? 0) * 1024);
        return peak;
      },
      ended,
      async stop() {
        child.kill('SIGTERM');
        await ended;
      },
      async kill() {
        kill();
        await ended;
      },
    };
  }
}

function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}
