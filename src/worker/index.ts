export type { BullWorker } from './bullmq-worker.ts';
export type { DrainCallbacks } from './drain-loop.ts';
export { type DrainSignal, type DrainSignalOptions, drainSignal } from './drain-signal.ts';
export { drainable } from './drainable.ts';
export type { DrainHandle, DrainOptions } from './options.ts';
export type { DrainState } from './protocol.ts';
export type { DefiningClient, EvaluatingClient, RedisClient } from './redis-client.ts';
