import type { LogMask } from './log-mask.ts';

const NEWLINE = 0x0a;
const STAR = 0x2a;
/** No spelling of a secret is longer. */
const MOST_SPELLING_BYTES = 64 * 1024;

/** What the tailer uses of a mask. */
export type StreamMask = Pick<LogMask, 'contextBytes' | 'applied' | 'undecidedFrom'>;

/**
 * Stands for a mask whose secrets cannot be read: everything is masked, and nothing is decided before so much follows that no
 * secret can begin in it. So what is numbered now can be masked as it should be when the secrets can be read again.
 */
export const BLIND_MASK: StreamMask = {
  contextBytes: MOST_SPELLING_BYTES,
  applied: (bytes) => bytes.map((byte) => (byte === NEWLINE ? NEWLINE : STAR)) as Buffer,
  undecidedFrom: ({ length }) => Math.max(0, length - MOST_SPELLING_BYTES),
};
