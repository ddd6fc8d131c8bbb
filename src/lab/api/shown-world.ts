import type { World } from '../world/types.ts';

/** What the API needs of a world. */
export type ShownWorld = Pick<World, 'objects' | 'now' | 'schedule'>;
