/** A terminal that may be written to. */
type Terminal =
  | { readonly write: (text: string) => unknown; readonly columns?: number | undefined }
  | undefined;

const intervalMs = 100;
const barLength = 24;

/** A progress bar in the last line of a terminal; without one it does nothing. */
export function createProgress(
  terminal: Terminal,
  contenders: number,
): { readonly show: (contender: string, share: number) => void; readonly end: () => void } {
  if (terminal === undefined) return { show: () => undefined, end: () => undefined };
  const names: string[] = [];
  let shownAtMs = Number.NEGATIVE_INFINITY;
  return {
    show(contender, share) {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < intervalMs) return;
      shownAtMs = nowMs;
      if (!names.includes(contender)) names.push(contender);
      const filled = Math.round(share * barLength);
      const bar = '█'.repeat(filled) + '░'.repeat(barLength - filled);
      const line = `${bar} ${String(Math.floor(share * 100)).padStart(3)} % ${contender} (${names.length} of ${contenders})`;
      terminal.write(`\r\u001B[K${line.slice(0, Math.max(1, (terminal.columns ?? 80) - 1))}`);
    },
    end() {
      terminal.write('\r\u001B[K');
    },
  };
}
