import { startOwnCluster } from '../../cluster/cluster.ts';
import { connect } from '../../../src/cluster/client.ts';
import { ClusterView } from '../../../src/cluster/view.ts';
import { Lease } from '../../../src/cluster/lease.ts';
import { secretsOf } from '../../../src/cluster/secrets.ts';
import { systemClock } from '../../../src/clock.ts';

const t0 = performance.now();
const log = (...x: unknown[]) => console.log(Math.round(performance.now() - t0), ...x);
const cluster = await startOwnCluster();
log('up', cluster.url);
try {
  const calls = new Map<string, number>();
  const client = connect({ kubeconfigPath: cluster.kubeconfigPath, userAgent: 'spillway/real (x)', onCall: (c) => { const k = `${c.verb} ${c.resource} ${c.code}`; calls.set(k, (calls.get(k) ?? 0) + 1); } });
  await cluster.addVmNode({ name: 'vm-1', cpu: '4', memory: '16Gi' } as never, { name: 'vm-2', cpu: '4', memory: '16Gi' } as never);
  const N = 4000;
  const make = async (from: number, to: number) => { for (let i = from; i < to; i++) await client.request('POST', '/api/v1/namespaces/default/pods', { body: { apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${i}`, labels: { app: 'x', batch: String(i % 10) } }, spec: { nodeSelector: { nowhere: 'x' }, containers: [{ name: 'main', image: 'x', resources: { requests: { cpu: '1', memory: '1Gi' } }, env: Array.from({ length: 20 }, (_, k) => ({ name: `VAR_${k}`, value: 'some value that is long' })) }] } } }); };
  for (const listing of ['stream', 'pages'] as const) {
    if (listing === 'stream') { await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((w) => make(w * N / 8, (w + 1) * N / 8))); log('pods made'); }
    const stop = new AbortController();
    const view = new ClusterView({ client, clock: systemClock, config: { namespaces: 'all', virtualPools: undefined } as never, onProblem: (k, e) => log('problem', k, String(e)), tuning: { listing } });
    const s = performance.now();
    const running = view.run(stop.signal);
    await view.synced;
    log(listing, 'synced in', Math.round(performance.now() - s), 'pods', view.store.pods.size, 'nodes', [...view.store.nodes.values()].map((n) => `${n.name}${view.room.isVirtual(n.name) ? '*' : ''} ${n.ready}`));
    log(view.health().map((h) => `${h.kind}:${h.state}`).join(' '), 'virtual', view.virtualPool()?.observation);
    if (listing === 'stream') {
      // a Deployment: rollout, scale
      await client.request('POST', '/apis/apps/v1/namespaces/default/deployments', { body: { metadata: { name: 'web' }, spec: { replicas: 10, selector: { matchLabels: { app: 'web' } }, template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'm', image: 'x', resources: { requests: { cpu: '1', memory: '1Gi' } } }] } } } } });
      const policy = { namespace: 'default', name: 'p', uid: 'none', key: 'default/p', target: { kind: 'Deployment', name: 'web' }, burst: { reclaim: { readyTimeoutSeconds: 600 } } } as never;
      for (let i = 0; i < 6; i++) {
        await systemClock.sleep(1000);
        const target = view.targetOf(policy);
        if (!target) continue;
        const shape = view.shapeOf(target);
        log(JSON.stringify({ ...view.podsOf(policy, target, []), startingSeconds: 0 }), 'rolling', target.rollingOut, JSON.stringify(view.vmPool(target, shape, 'Unknown').groups.map((g) => [g.nodes, g.free.cpuMillicores, g.freePods, g.mates])));
      }
      const stopLease = new AbortController();
      const lease = new Lease({ client, clock: systemClock, namespace: 'default', name: 'spillway', identity: 'a', onAcquired: () => log('acquired'), onLost: () => log('lost'), onProblem: (e) => log('lease problem', String(e)) });
      const leasing = lease.run(stopLease.signal);
      await systemClock.sleep(5000);
      stopLease.abort(); await leasing;
      log((await client.request('GET', '/apis/coordination.k8s.io/v1/namespaces/default/leases/spillway') as { spec: unknown }).spec);
      const secrets = secretsOf(client, systemClock);
      const off = secrets.watch('default', 's1', () => log('secret changed'));
      await systemClock.sleep(300);
      await client.request('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 's1' }, stringData: { url: 'redis://x' } } });
      await client.request('POST', '/api/v1/namespaces/default/secrets', { body: { metadata: { name: 's2' }, stringData: { url: 'redis://x' } } });
      log(await secrets.read('default', 's1', stop.signal));
      await client.request('PATCH', '/api/v1/namespaces/default/secrets/s1', { body: { stringData: { url: 'redis://y' } }, contentType: 'application/merge-patch+json' });
      log(await secrets.read('default', 's1', stop.signal));
      await systemClock.sleep(300);
      off();
      await cluster.components.apiserver.kill?.();
      log('apiserver killed');
      await cluster.components.apiserver.start();
      log('apiserver back');
      await systemClock.sleep(4000);
      log(view.health().map((h) => `${h.kind}:${h.state}:${h.restarts}:${h.ageSeconds.toFixed(1)}`).join(' '));
    }
    stop.abort();
    await running;
  }
  log([...calls]);
  await client.close();
} finally {
  await cluster.stop();
  log('stopped');
}
