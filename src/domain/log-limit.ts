export const LOG_OVERFLOWS = ['TRIM', 'CANCEL'] as const;
/** What becomes of a job whose log reaches its cap: it loses its oldest lines, or is ended. */
export type LogOverflow = (typeof LOG_OVERFLOWS)[number];

const MIB = 1024 * 1024;

/** The cap of a log of which nobody says anything: 1 GiB. */
export const DEFAULT_MAX_LOG_BYTES = 1024 * MIB;
/** A smaller one would be little more than a few batches. */
export const LEAST_MAX_LOG_BYTES = MIB;
/** Of jobs that were started by a version without caps. */
export const NO_LOG_CAP = Number.MAX_SAFE_INTEGER;

/** Whether a log can have this cap, in bytes. */
export function isLogCap(bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes >= LEAST_MAX_LOG_BYTES;
}
