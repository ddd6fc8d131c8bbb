/** A time as Kubernetes writes it, to the second: `2026-01-01T00:00:00Z`. */
export function timeText(ms: number): string {
  return `${new Date(Math.floor(ms / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch of such a text; undefined: there is none. */
export function timeMs(text: string | null | undefined): number | undefined {
  return text === undefined || text === null ? undefined : Date.parse(text);
}
