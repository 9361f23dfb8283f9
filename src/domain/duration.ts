const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** What the schema's Int carries. */
const MOST_MS = 2 ** 31 - 1;

/**
 * Milliseconds of a text such as `500ms`, `90s`, `1.5h`; a number alone is milliseconds. `undefined` for anything else, and
 * for more than `mostMs` (default: about 24 days).
 */
export function parseDurationMs(text: string, mostMs = MOST_MS): number | undefined {
  const [, number, unit = 'ms'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const durationMs = Math.round(Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS]);
  return durationMs <= mostMs ? durationMs : undefined;
}

/** The shortest text that `parseDurationMs` reads as exactly so many whole milliseconds, such as `90s`, `5m`, `1500ms`; `0` for none. */
export function exactDuration(durationMs: number): string {
  if (durationMs === 0) return '0';
  const units = Object.entries(UNIT_MS).sort(([, a], [, b]) => b - a);
  const [unit, unitMs] = units.find(([, ms]) => durationMs % ms === 0) ?? ['ms', 1];
  return `${durationMs / unitMs}${unit}`;
}

/** A duration for people, of at most two units: `350ms`, `4.2s`, `3m05s`, `2h10m`, `5d03h`. */
export function formatDuration(durationMs: number): string {
  const wholeMs = Math.max(0, Math.round(durationMs));
  if (wholeMs < 1_000) return `${wholeMs}ms`;
  if (wholeMs < 10_000) return `${(Math.floor(wholeMs / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(wholeMs / 1_000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${padded(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h${padded(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d${padded(hours % 24)}h`;
}

function padded(count: number): string {
  return String(count).padStart(2, '0');
}
