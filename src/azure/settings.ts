import { z } from 'zod';

/** How Spillway reads Azure; without it nothing of Azure is loaded (see docs/azure.md). */
export interface AzureSettings {
  readonly subscriptionId: string;
  /** Where the virtual node creates container groups, such as `westeurope`. */
  readonly region: string;
  /** Resource group that the virtual node puts its container groups into. No other cluster may use it. */
  readonly resourceGroup: string;
  /** Name of the only virtual pool that all this is about; undefined: all on Container Instances. */
  readonly pool: string | undefined;
  readonly cloud: Cloud;
  readonly credential: CredentialKind;
  /** Undefined: those of the environment (`AZURE_CLIENT_ID`, `AZURE_TENANT_ID`). */
  readonly clientId: string | undefined;
  readonly tenantId: string | undefined;
  /** Between two looks at the usage of the region, and at the container groups, seconds. */
  readonly usageEverySeconds: number;
  readonly groupsEverySeconds: number;
  /** What bursts may do while the quota is not known. */
  readonly whenUnknown: 'Unlimited' | 'Hold';
  /** A usage that was read longer ago says nothing any more, seconds. */
  readonly staleAfterSeconds: number;
  readonly orphans: 'report' | 'reap';
  /** A group without a pod is let be for so long, seconds. */
  readonly orphanGraceSeconds: number;
}

/** Where an Azure cloud is. */
export interface Cloud {
  /** Azure Resource Manager. */
  readonly endpoint: string;
  /** Who gives tokens out. */
  readonly authorityHost: string;
  /** For whom tokens are, without `/.default`. */
  readonly audience: string;
  /** One that Microsoft runs: its authority can be asked who else is one. */
  readonly wellKnown: boolean;
}

export type CredentialKind = 'WorkloadIdentity' | 'ManagedIdentity' | 'ClientSecret' | 'AzureCli';

/** Azure: endpoints of national clouds (learn.microsoft.com/azure/developer/identity/authentication-national-cloud). */
const clouds = {
  AzurePublic: {
    endpoint: 'https://management.azure.com',
    authorityHost: 'https://login.microsoftonline.com',
    audience: 'https://management.azure.com',
  },
  AzureUSGovernment: {
    endpoint: 'https://management.usgovcloudapi.net',
    authorityHost: 'https://login.microsoftonline.us',
    audience: 'https://management.usgovcloudapi.net',
  },
  AzureChina: {
    endpoint: 'https://management.chinacloudapi.cn',
    authorityHost: 'https://login.chinacloudapi.cn',
    audience: 'https://management.chinacloudapi.cn',
  },
} as const;

const https = z.url({ protocol: /^https$/, error: 'write an https URL' });
const longest = 86_400;

/** The key `azure` of the configuration. */
export const azureSchema = z
  .strictObject({
    subscriptionId: z.guid('write the id of a subscription, such as az account show tells'),
    region: z.string().regex(/^[a-z0-9]{1,60}$/, 'write a region such as westeurope'),
    resourceGroup: z.string().regex(/^[-\w.()]{1,90}$/, 'write the name of a resource group'),
    pool: z.string().min(1).max(63).optional(),
    cloud: z
      .union([
        z.enum(['AzurePublic', 'AzureUSGovernment', 'AzureChina']),
        z.strictObject({ endpoint: https, authorityHost: https, audience: https }),
      ])
      .default('AzurePublic'),
    credential: z
      .enum(['WorkloadIdentity', 'ManagedIdentity', 'ClientSecret', 'AzureCli'])
      .default('WorkloadIdentity'),
    clientId: z.guid('write the client id of an identity').optional(),
    tenantId: z.guid('write the id of a tenant').optional(),
    usageEverySeconds: z.number().min(5).max(longest).default(60),
    groupsEverySeconds: z.number().min(5).max(longest).default(300),
    whenUnknown: z.enum(['Unlimited', 'Hold']).default('Unlimited'),
    staleAfterSeconds: z.number().min(5).max(longest).default(600),
    orphans: z.enum(['report', 'reap']).default('report'),
    orphanGraceSeconds: z.number().min(5).max(longest).default(900),
  })
  .refine((azure) => azure.staleAfterSeconds >= azure.usageEverySeconds, {
    path: ['staleAfterSeconds'],
    error: 'write at least usageEverySeconds',
  });

/** The settings that a parsed configuration means. */
export function azureSettingsOf(parsed: z.infer<typeof azureSchema>): AzureSettings {
  const { cloud, pool, clientId, tenantId } = parsed;
  const wellKnown = typeof cloud === 'string';
  return {
    ...parsed,
    pool,
    clientId,
    tenantId,
    cloud: { ...(wellKnown ? clouds[cloud] : trimmed(cloud)), wellKnown },
  };
}

function trimmed(cloud: Omit<Cloud, 'wellKnown'>): Omit<Cloud, 'wellKnown'> {
  const trim = (url: string): string => url.replace(/\/+$/, '');
  return {
    endpoint: trim(cloud.endpoint),
    authorityHost: trim(cloud.authorityHost),
    audience: trim(cloud.audience),
  };
}
