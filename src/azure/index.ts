/** What of Azure is loaded only where it is configured, so that others pay nothing for it. */
export { AzureWatch } from './azure-watch.ts';
export { openAzure } from './open.ts';
export { PoolPods } from './pool-pods.ts';
