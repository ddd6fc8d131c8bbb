import {
  AzureCliCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import type { TokenCredential } from '@azure/identity';
import { ArmFailure } from './failure.ts';
import type { AzureSettings } from './settings.ts';

/** Environment variables by name, as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options that every client of Azure is made with here: it tries once, and trusts `ca` besides the usual authorities. */
export function clientOptions(ca: string | undefined) {
  return { retryOptions: { maxRetries: 0 }, ...(ca === undefined ? {} : { tlsOptions: { ca } }) };
}

/** Who Spillway is to Azure. Throws AZURE_CREDENTIAL_MISSING where a part of it is not there. */
export function credentialOf(
  settings: AzureSettings,
  environment: Environment,
  ca: string | undefined,
): TokenCredential {
  const { cloud } = settings;
  const options = {
    ...clientOptions(ca),
    authorityHost: cloud.authorityHost,
    // An authority that Microsoft does not run is not known to Microsoft's.
    disableInstanceDiscovery: !cloud.wellKnown,
  };
  const need = (configured: string | undefined, variable: string): string => {
    const value = configured ?? environment[variable];
    if (value === undefined || value === '') {
      throw new ArmFailure('AZURE_CREDENTIAL_MISSING', {}, { variable, credential: settings.credential });
    }
    return value;
  };
  const clientId = (): string => need(settings.clientId, 'AZURE_CLIENT_ID');
  const tenantId = (): string => need(settings.tenantId, 'AZURE_TENANT_ID');
  switch (settings.credential) {
    case 'WorkloadIdentity':
      return new WorkloadIdentityCredential({
        ...options,
        clientId: clientId(),
        tenantId: tenantId(),
        tokenFilePath: need(undefined, 'AZURE_FEDERATED_TOKEN_FILE'),
      });
    case 'ManagedIdentity':
      return new ManagedIdentityCredential({
        ...options,
        ...(settings.clientId === undefined ? {} : { clientId: settings.clientId }),
      });
    case 'ClientSecret':
      return new ClientSecretCredential(
        tenantId(),
        clientId(),
        need(undefined, 'AZURE_CLIENT_SECRET'),
        options,
      );
    case 'AzureCli':
      return new AzureCliCredential(settings.tenantId === undefined ? {} : { tenantId: settings.tenantId });
  }
}
