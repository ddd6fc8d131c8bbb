#!/usr/bin/env node
import { Command, Option } from 'commander';
import { systemClock } from './clock.ts';
import { defaultVirtualPools } from './cluster/virtual-nodes.ts';
import { check } from './commands/check.ts';
import { demo } from './commands/demo/demo.ts';
import { doctor } from './commands/doctor/doctor.ts';
import { explain, explainIo } from './commands/explain.ts';
import { explainPod } from './commands/explain-pod.ts';
import { defaultKubeconfig } from './commands/explain-readers.ts';
import { ready } from './commands/ready.ts';
import { run } from './commands/run.ts';
import { simulate } from './commands/simulate.ts';
import { type UninstallArguments, uninstallCommand } from './commands/uninstall/command.ts';
import { loadConfig } from './config.ts';
import { SpillwayError } from './errors.ts';
import { parseDuration } from './policy/duration.ts';
import { createLogger, type LogLevel, logLevels } from './report/log.ts';
import { version } from './version.ts';

const out = (line: string): void => void process.stdout.write(`${line}\n`);
const error = (line: string): void => void process.stderr.write(`${line}\n`);

// Whoever reads the output may stop reading (`| head`): that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (failure: NodeJS.ErrnoException) => {
    if (failure.code !== 'EPIPE') throw failure;
    process.exitCode ??= 0;
    process.emit('SIGTERM');
  });
}

const program = new Command('spillway')
  .description(
    'Bursts Kubernetes workloads onto a virtual node while the VM pool is full, and takes them back.',
  )
  .version(version)
  .showHelpAfterError()
  // 2 as for everything that cannot be used; 1 is left to commands that have looked and say no.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

program
  .command('run')
  .description('run the controller until SIGTERM')
  .option('--kubeconfig <file>', 'cluster to look after (default: the one that this runs in)')
  .option('--config <file>', 'configuration (default: built in, see docs/configuration.md)')
  .addOption(new Option('--log-level <level>', 'least that is logged').choices(logLevels).default('info'))
  .addOption(
    new Option('--log-format <format>', 'one JSON object a line, or for people').choices(['json', 'text']),
  )
  .action(
    async (options: { kubeconfig?: string; config?: string; logLevel: LogLevel; logFormat?: string }) => {
      const pretty = (options.logFormat ?? (process.stdout.isTTY ? 'text' : 'json')) === 'text';
      process.exitCode = await run({
        kubeconfigPath: options.kubeconfig,
        config: loadConfig(options.config, defaultVirtualPools),
        log: createLogger({ level: options.logLevel, pretty }),
      });
    },
  );

program
  .command('demo')
  .description('show a whole burst on this machine: real Redis and BullMQ, a lab in place of the cluster')
  .option('--headless', 'plain lines instead of a picture', false)
  .option('--json', 'only one JSON summary, as the last line', false)
  .option('--duration <time>', 'end after this at the latest', '150s')
  .option('--speed <factor>', 'how much faster than a real cloud VMs boot and containers start', '10')
  .option('--seed <seed>', 'the same seed, the same delays', 'spillway')
  .option(
    '--policy <file>',
    'a policy of your own (namespace media, target thumbnail-worker, queue thumbnails, Secret redis)',
  )
  .option('--keep', 'stay up until Ctrl-C, and print a kubeconfig for your own kubectl', false)
  .option('--azure', 'with a fake Azure behind the virtual node: quota, price and orphans', false)
  .action(async (given: DemoArguments) => {
    process.exitCode = await demo(
      {
        headless: given.headless,
        json: given.json,
        durationSeconds: parseDuration(given.duration),
        speed: factor(given.speed),
        seed: given.seed,
        policyFile: given.policy,
        keep: given.keep,
        azure: given.azure,
      },
      { out: process.stdout, error, signal: interrupted() },
    );
  });

program
  .command('simulate')
  .description('try policies on the load of a trace, in virtual time, beside an HPA, KEDA and fixed replicas')
  .argument('<scenario>', 'YAML file: pools, prices, workload, contenders (see docs/simulate.md)')
  .option('--trace <file>', 'CSV with the arrivals (default: those of the scenario)')
  .option('--function <hash>', 'one HashFunction of a trace with minutes of the day')
  .option('--from-prometheus <url>', 'take the arrivals from a Prometheus; needs --query')
  .option('--query <promql>', 'what to ask it: arrivals per second')
  .option('--days <days>', 'how many days back', '7')
  .option('--scale <factor>', 'so many times as many jobs', '1')
  .option('--seed <seed>', 'the same seed, the same result (default: that of the scenario)')
  .option('--report <file>', 'write one HTML page with plots')
  .option('--json', 'one JSON value instead of a table', false)
  .action(async (scenario: string, given: SimulateArguments) => {
    const { trace, query, seed, report } = given;
    process.exitCode = await simulate(
      {
        ...given,
        scenario,
        trace,
        query,
        seed,
        report,
        function: given.function,
        fromPrometheus: given.fromPrometheus,
      },
      { out, error, fetch, now: Date.now, terminal: process.stderr.isTTY ? process.stderr : undefined },
    );
  });

program
  .command('check')
  .description('say whether policies in files are valid, and where they are not')
  .requiredOption('-f, --file <files...>', 'YAML or JSON files; - reads standard input')
  .option(
    '--config <file>',
    'configuration whose first virtual pool targets are judged for, and whose Prometheus connections sources may name (default: the AKS add-on, any)',
  )
  .option('--json', 'one JSON value instead of lines', false)
  .action(async (options: { file: string[]; config?: string; json: boolean }) => {
    const config = options.config === undefined ? undefined : loadConfig(options.config, defaultVirtualPools);
    process.exitCode = await check(
      {
        files: options.file,
        json: options.json,
        pool: config?.virtualPools[0],
        connections: config?.prometheus.map(({ name }) => name),
        priced: config?.virtualPools.some(({ price }) => price !== undefined),
      },
      { stdin: process.stdin, out, error },
    );
  });

program
  .command('explain')
  .description('tell the last decision on a policy with its numbers, or why a pod is pending or bursting')
  .argument('<what>', 'a policy as namespace/name, or the word pod')
  .argument('[pod]', 'after the word pod: namespace/name of the pod')
  .option('--url <url>', 'a running controller (default: http://127.0.0.1:8080, when one answers there)')
  .option('--kubeconfig <file>', 'cluster (default: the usual places)')
  .option('--json', 'one JSON value instead of lines', false)
  .action(
    async (
      what: string,
      pod: string | undefined,
      given: { url?: string; kubeconfig?: string; json: boolean },
    ) => {
      const { url, kubeconfig, json } = given;
      const policy = pod === undefined ? what : `${what} ${pod}`;
      const options = { policy, url, kubeconfig, json };
      const io = explainIo(options, out, error);
      const isPod = what === 'pod';
      process.exitCode = isPod
        ? await explainPod({ ...options, pod: pod ?? '' }, io)
        : await explain(options, io);
    },
  );

program
  .command('doctor')
  .description('look whether a cluster is fit for bursts, and say what to do where it is not; writes nothing')
  .argument('[policy]', 'name, or namespace/name (default: all policies)')
  .option('-n, --namespace <namespace>', 'where policies are looked for (default: all namespaces)')
  .option('--kubeconfig <file>', 'cluster (default: the usual places)')
  .option(
    '--config <file>',
    'configuration that Spillway runs with (default: the ConfigMap that its Deployment mounts)',
  )
  .option(
    '--service-account <namespace/name>',
    'whom Spillway runs as (default: found by its Lease or Deployment)',
  )
  .option('--json', 'one JSON value instead of lines', false)
  .action(async (policy: string | undefined, given: DoctorArguments) => {
    process.exitCode = await doctor(
      {
        policy,
        namespace: given.namespace,
        kubeconfigPath: given.kubeconfig ?? defaultKubeconfig(),
        serviceAccount: given.serviceAccount,
        settings:
          given.config === undefined
            ? undefined
            : {
                config: loadConfig(given.config, defaultVirtualPools),
                from: given.config,
                problem: undefined,
              },
        json: given.json,
      },
      { out, error, clock: systemClock, signal: interrupted() },
    );
  });

program
  .command('ready')
  .description('wait until a running Spillway is ready')
  .option('--url <url>', 'where it serves', 'http://127.0.0.1:8080')
  .option('--timeout <time>', 'how long to wait; 0s asks once', '0s')
  .action(async ({ url, timeout }: { url: string; timeout: string }) => {
    const timeoutSeconds = parseDuration(timeout);
    process.exitCode = await ready(
      { url, timeoutSeconds },
      { clock: systemClock, out, signal: interrupted() },
    );
  });

program
  .command('uninstall')
  .description(
    'drain all bursts, stop the controller and give policies back: what the chart runs before it goes',
  )
  .requiredOption('--namespaces <names>', 'where policies are: all, or names with commas between them')
  .requiredOption('--deployment <namespace/name>', 'the controller')
  .requiredOption('--lease <namespace/name>', 'the Lease of its leader')
  .option('--timeout <time>', 'how long busy workers may take', '3m30s')
  .addOption(
    new Option('--on-timeout <what>', 'what becomes of burst that is busy after that')
      .choices(['Delete', 'Fail'])
      .default('Delete'),
  )
  .option('--kubeconfig <file>', 'cluster (default: the one that this runs in)')
  .action(async (given: UninstallArguments) => {
    const io = { out, error, clock: systemClock, signal: interrupted() };
    process.exitCode = await uninstallCommand(given, io);
  });

interface DoctorArguments {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly config?: string;
  readonly serviceAccount?: string;
  readonly json: boolean;
}

interface SimulateArguments {
  readonly trace?: string;
  readonly function?: string;
  readonly fromPrometheus?: string;
  readonly query?: string;
  readonly days: string;
  readonly scale: string;
  readonly seed?: string;
  readonly report?: string;
  readonly json: boolean;
}

interface DemoArguments {
  readonly headless: boolean;
  readonly json: boolean;
  readonly duration: string;
  readonly speed: string;
  readonly seed: string;
  readonly policy?: string;
  readonly keep: boolean;
  readonly azure: boolean;
}

function factor(text: string): number {
  const value = Number(text);
  if (!(value >= 1 && value <= 1000)) throw new SpillwayError('SPEED_INVALID', { value: text });
  return value;
}

/** Aborts at Ctrl-C, at SIGTERM and when the terminal is closed. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGHUP', end);
  return stop.signal;
}

try {
  await program.parseAsync();
} catch (thrown) {
  if (!(thrown instanceof SpillwayError)) throw thrown;
  error(`${thrown.message} [${thrown.code}]`);
  process.exitCode = 2;
}
