import type { Clock } from '../clock.ts';
import type { VirtualPool } from '../config.ts';
import { boundedBy } from './capability.ts';
import type { Environment } from './credential.ts';
import { ArmFailure } from './failure.ts';
import { type ArmCall, GuardedArm } from './guarded-arm.ts';
import { RegionBounds } from './region-bounds.ts';
import { sdkArm } from './sdk-arm.ts';
import type { AzureSettings } from './settings.ts';

export interface OpenAzureOptions {
  readonly settings: AzureSettings;
  readonly virtualPools: readonly VirtualPool[];
  readonly environment: Environment;
  /** An authority in PEM that is trusted besides the usual ones; undefined: none. */
  readonly ca?: string | undefined;
  readonly clock: Clock;
  readonly onCall: (call: ArmCall) => void;
  readonly onFailure: (failure: ArmFailure) => void;
}

/** Azure, ready to be asked. */
export interface OpenAzure {
  readonly arm: GuardedArm;
  readonly region: RegionBounds;
  /** The virtual pools that this is about, and all pools with these in their places: their largest group is the region's. */
  readonly served: readonly VirtualPool[];
  readonly virtualPools: readonly VirtualPool[];
}

/**
 * Opens Azure and asks what the region offers. Throws AZURE_POOL_UNKNOWN, AZURE_CREDENTIAL_MISSING and
 * AZURE_REGION_UNKNOWN; an Azure that does not answer is no error.
 */
export async function openAzure(options: OpenAzureOptions): Promise<OpenAzure> {
  const { settings, virtualPools, clock, environment, ca, onCall, onFailure } = options;
  const { region: name } = settings;
  const configured = servedBy(settings, virtualPools);
  const sdk = sdkArm({ settings, environment, ca, now: () => clock.now() });
  const arm = new GuardedArm({ arm: sdk, clock, region: name, onCall });
  const region = new RegionBounds({ arm, region: name, clock, onFailure });
  const bounded = new Map(configured.map((pool) => [pool, boundedBy(pool, () => region.largest())]));
  await region.check();
  return {
    arm,
    region,
    served: [...bounded.values()],
    virtualPools: virtualPools.map((pool) => bounded.get(pool) ?? pool),
  };
}

/** The pool of the settings, else all on Container Instances: they share the quota of their region. Throws AZURE_POOL_UNKNOWN. */
export function servedBy(
  { pool }: AzureSettings,
  virtualPools: readonly VirtualPool[],
): readonly VirtualPool[] {
  const found = virtualPools.filter(
    ({ name, kind }) => kind !== 'Generic' && (pool === undefined || pool === name),
  );
  if (found.length === 0) throw new ArmFailure('AZURE_POOL_UNKNOWN', {}, { pool: pool ?? '' });
  return found;
}
