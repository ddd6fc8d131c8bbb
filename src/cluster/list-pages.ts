import type { ClusterClient } from './client.ts';
import type { RawList, RawObject } from './raw.ts';

export interface Page {
  readonly items: readonly RawObject[];
  /** Version of the whole listing: all pages show the collection as of the first. */
  readonly resourceVersion: string;
  readonly last: boolean;
}

/**
 * Lists a collection in pages (`limit`/`continue`); without a page size, at once. Throws what the client throws;
 * 410: the pages expired under way, and the listing must start anew.
 */
export async function* listPages(
  client: ClusterClient,
  path: string,
  pageSize: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  let next = '';
  do {
    const query = new URLSearchParams({
      ...(pageSize === undefined ? {} : { limit: String(pageSize) }),
      ...(next === '' ? {} : { continue: next }),
    }).toString();
    const list = (await client.request('GET', query === '' ? path : `${path}?${query}`, {
      signal,
      timeoutMs: 60_000,
    })) as RawList;
    next = list.metadata?.continue ?? '';
    yield {
      items: list.items ?? [],
      resourceVersion: list.metadata?.resourceVersion ?? '',
      last: next === '',
    };
  } while (next !== '');
}
