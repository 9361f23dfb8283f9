const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A span in at most two units: `400 ms`, `12 s`, `3 min 5 s`, `2 h 14 min`, `5 d 3 h`. */
export function spanText(milliseconds: number): string {
  const ms = Math.max(0, milliseconds);
  if (ms > 0 && ms < 1000) return `${String(Math.round(ms))} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${String(Math.floor(ms / 1000))} s`;
  if (ms < HOUR_MS) return twoUnits(ms, MINUTE_MS, 'min', 1000, 's');
  if (ms < DAY_MS) return twoUnits(ms, HOUR_MS, 'h', MINUTE_MS, 'min');
  return twoUnits(ms, DAY_MS, 'd', HOUR_MS, 'h');
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const first = `${String(Math.floor(ms / large))} ${largeName}`;
  return rest === 0 ? first : `${first} ${String(rest)} ${smallName}`;
}

/** How long ago, for a list: `now`, `40 s ago`, `3 d ago`. */
export function agoText(instant: string, nowMs: number): string {
  const ms = nowMs - Date.parse(instant);
  if (ms < 1000) return 'now';
  if (ms < MINUTE_MS) return `${String(Math.floor(ms / 1000))} s ago`;
  if (ms < HOUR_MS) return `${String(Math.floor(ms / MINUTE_MS))} min ago`;
  if (ms < DAY_MS) return `${String(Math.floor(ms / HOUR_MS))} h ago`;
  return `${String(Math.floor(ms / DAY_MS))} d ago`;
}

/** In the time zone of the reader: `2026-01-31 13:00:02.123`. */
export function momentText(instant: string): string {
  const at = new Date(instant);
  const local = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS).toISOString();
  return local.slice(0, 23).replace('T', ' ');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function bytesText(bytes: number): string {
  const step = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${UNITS[step] ?? ''}`;
}

export function numberText(value: number): string {
  return value.toLocaleString('en');
}

export function plural(count: number, word: string): string {
  return `${numberText(count)} ${word}${count === 1 ? '' : 's'}`;
}

/** Words as a shell would take them, so that they can be read and typed again. */
export function commandText(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}

/** What a job runs, as its request said it. */
export function runsText({
  script,
  command,
}: {
  readonly script: string | null;
  readonly command: readonly string[] | null;
}): string {
  return script ?? commandText(command ?? []);
}
