import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawContainer, RawPodSpec } from '../../../src/cluster/raw.ts';
import { podRequests } from '../../../src/decide/requests.ts';

function asking(cpu: string, memory: string, more: RawContainer = {}): RawContainer {
  return { resources: { requests: { cpu, memory } }, ...more };
}

function cpuAndMemory(spec: RawPodSpec): readonly [number, number] {
  const { cpuMillicores, memoryBytes } = podRequests(spec);
  return [cpuMillicores, memoryBytes];
}

const mi = 2 ** 20;

test('containers add up', () => {
  assert.deepEqual(cpuAndMemory({ containers: [asking('500m', '100Mi'), asking('1', '28Mi')] }), [
    1500,
    128 * mi,
  ]);
});

test('the largest init container counts where it asks for more than all containers', () => {
  const spec = {
    containers: [asking('500m', '100Mi')],
    initContainers: [asking('2', '10Mi'), asking('1', '50Mi')],
  };
  assert.deepEqual(cpuAndMemory(spec), [2000, 100 * mi]);
});

test('a sidecar runs on beside the containers, and beside the init containers after it', () => {
  const sidecar = asking('300m', '10Mi', { restartPolicy: 'Always' });
  assert.deepEqual(
    cpuAndMemory({ containers: [asking('1', '100Mi')], initContainers: [asking('1', '1Mi'), sidecar] }),
    [1300, 110 * mi],
  );
  assert.deepEqual(
    cpuAndMemory({ containers: [asking('100m', '100Mi')], initContainers: [sidecar, asking('1', '1Mi')] }),
    [1300, 110 * mi],
  );
});

test('overhead comes on top, of pod-level requests too, which replace the sum for cpu and memory', () => {
  const spec: RawPodSpec = {
    containers: [
      {
        resources: {
          requests: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '2Gi', 'nvidia.com/gpu': '1' },
        },
      },
    ],
    resources: { requests: { cpu: '3' } },
    overhead: { cpu: '250m', memory: '20Mi' },
  };
  assert.deepEqual(podRequests(spec), {
    cpuMillicores: 3250,
    memoryBytes: 1044 * mi,
    ephemeralStorageBytes: 2 * 2 ** 30,
    extended: { 'nvidia.com/gpu': 1 },
  });
});

test('a limit without a request is the request', () => {
  const spec = {
    containers: [{ resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '1' } } }],
  };
  assert.deepEqual(cpuAndMemory(spec), [1000, 1024 * mi]);
});

test('a pod without requests asks for nothing', () => {
  assert.deepEqual(cpuAndMemory({ containers: [{}] }), [0, 0]);
});
