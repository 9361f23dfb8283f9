const UNITS = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

/** Whole bytes of a text such as `16MiB`, `1.5GiB`, `500kB`; a number alone is bytes. `undefined` for anything else. */
export function parseByteSize(text: string): number | undefined {
  const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?)\s?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const bytes = Math.round(Number(number) * UNITS[unit as keyof typeof UNITS]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The text with the largest unit that `parseByteSize` reads as exactly so many bytes, such as `16MiB`, `1500kB`. */
export function exactByteSize(bytes: number): string {
  if (bytes === 0) return '0B';
  const units = Object.entries(UNITS).sort(([, a], [, b]) => b - a);
  const [unit, unitBytes] = units.find(([, size]) => bytes % size === 0) ?? ['B', 1];
  return `${bytes / unitBytes}${unit}`;
}
