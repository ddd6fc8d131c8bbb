import { defaultVirtualPools } from '../../cluster/virtual-nodes.ts';
import { type Config, parseConfig } from '../../config.ts';
import { SpillwayError } from '../../errors.ts';
import { controllers } from './deployments.ts';
import type { Reader } from './reader.ts';

/** The configuration that Spillway runs with, as far as it is found. */
export interface Settings {
  readonly config: Config;
  /** Where it stands: `ConfigMap spillway/spillway`; undefined: nowhere, and it is the built-in one. */
  readonly from: string | undefined;
  /** Why what stands there cannot be used; undefined: it can. */
  readonly problem: string | undefined;
}

/** Where the example and the chart put it, unless an argument says so. */
const usualFile = 'spillway.yaml';

/**
 * The configuration in the ConfigMap that a Deployment of Spillway mounts: prices, pools and namespaces decide what is right
 * in a cluster. What cannot be read is the built-in one.
 */
export async function settingsIn(reader: Reader): Promise<Settings> {
  for (const { metadata, spec } of await controllers(reader)) {
    const { containers = [], volumes = [] } = spec?.template?.spec ?? {};
    const args = containers.flatMap((container) => container.args ?? []);
    const file = args[args.indexOf('--config') + 1]?.split('/').at(-1) ?? usualFile;
    const key = args.includes('--config') ? file : usualFile;
    for (const name of volumes.flatMap(({ configMap }) => configMap?.name ?? [])) {
      const place = `${metadata?.namespace ?? ''}/${name}`;
      const text = await dataOf(reader, metadata?.namespace ?? '', name, key);
      if (text !== undefined) return parsed(text, `ConfigMap ${place}`);
    }
  }
  return { config: builtIn(), from: undefined, problem: undefined };
}

async function dataOf(
  reader: Reader,
  namespace: string,
  name: string,
  key: string,
): Promise<string | undefined> {
  const read = await reader.get<{ readonly data?: Readonly<Record<string, string>> }>(
    `/api/v1/namespaces/${namespace}/configmaps/${name}`,
  );
  return read.state === 'read' ? read.value.data?.[key] : undefined;
}

function parsed(text: string, from: string): Settings {
  try {
    return { config: parseConfig(text, from, defaultVirtualPools), from, problem: undefined };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return { config: builtIn(), from, problem: error.message };
  }
}

function builtIn(): Config {
  return parseConfig('', 'built in', defaultVirtualPools);
}
