const UNIT_BYTES = {
  '': 1,
  B: 1,
  K: 2 ** 10,
  KiB: 2 ** 10,
  kB: 1e3,
  KB: 1e3,
  M: 2 ** 20,
  MiB: 2 ** 20,
  MB: 1e6,
  G: 2 ** 30,
  GiB: 2 ** 30,
  GB: 1e9,
  T: 2 ** 40,
  TiB: 2 ** 40,
  TB: 1e12,
} as const;
const BINARY_UNITS = ['TiB', 'GiB', 'MiB', 'KiB'] as const;

/**
 * Bytes of a text such as `50GiB`, `1.5GB`, `512M` (as MiB); a number alone is bytes. `undefined` for anything else, and for
 * more than a number holds exactly.
 */
export function parseBytes(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined || !Object.hasOwn(UNIT_BYTES, unit)) return undefined;
  const bytes = Math.round(Number(number) * UNIT_BYTES[unit as keyof typeof UNIT_BYTES]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that `parseBytes` reads as exactly so many bytes, such as `50GiB`, `1536MiB`, `1000`. */
export function exactBytes(bytes: number): string {
  const unit = bytes === 0 ? undefined : BINARY_UNITS.find((name) => bytes % UNIT_BYTES[name] === 0);
  return unit === undefined ? String(bytes) : `${String(bytes / UNIT_BYTES[unit])}${unit}`;
}

/** Bytes for people: `17 B`, `4.2 MiB`, `120 GiB`. */
export function formatBytes(bytes: number): string {
  const unit = BINARY_UNITS.find((name) => bytes >= UNIT_BYTES[name]);
  if (unit === undefined) return `${String(bytes)} B`;
  const count = bytes / UNIT_BYTES[unit];
  return `${count < 10 ? (Math.floor(count * 10) / 10).toFixed(1) : String(Math.floor(count))} ${unit}`;
}

/** An amount of disk: so many bytes, or a part of the file system, from 0 to 1; the smaller one where both are given. */
export interface DiskAmount {
  readonly bytes?: number;
  readonly part?: number;
}

/** As `parseBytes`, or a percentage of the file system such as `25%`, or both with a comma: `1GiB,5%`. */
export function parseDiskAmount(text: string): DiskAmount | undefined {
  let amount: DiskAmount = {};
  for (const word of text.split(',')) {
    const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(word) ?? [];
    const bytes = percent === undefined ? parseBytes(word) : undefined;
    if (percent === undefined ? bytes === undefined : Number(percent) > 100) return undefined;
    const given = bytes === undefined ? { part: Number(percent) / 100 } : { bytes };
    if (Object.keys(given).some((key) => key in amount)) return undefined;
    amount = { ...amount, ...given };
  }
  return amount;
}

/** @param totalBytes the size of the file system */
export function bytesOf({ bytes = Infinity, part = Infinity }: DiskAmount, totalBytes: number): number {
  return Math.min(bytes, Math.floor(part * totalBytes));
}
