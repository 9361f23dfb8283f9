import type { LogGapReason } from '../domain/log-line.ts';
import type { LogBatch } from './log-batch.ts';

/** Lines that were numbered once and cannot be read any more, both ends included. */
export interface LogGap {
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly reason: LogGapReason;
}

/** What a reader of the files gets, in the order of seq: a batch, or where there should be one, a gap. */
export type LogItem = LogBatch | { readonly gap: LogGap };

/** Whether lines are missing here. */
export function isGap(item: LogItem): item is { readonly gap: LogGap } {
  return 'gap' in item;
}

/** Appends the item; a gap that continues the one before, for the same reason, becomes one with it. */
export function appendItem(items: LogItem[], item: LogItem): void {
  const last = items.at(-1);
  if (last !== undefined && isGap(last) && isGap(item) && continues(item.gap, last.gap)) {
    items[items.length - 1] = { gap: { ...last.gap, toSeq: item.gap.toSeq } };
  } else {
    items.push(item);
  }
}

function continues(gap: LogGap, former: LogGap): boolean {
  return former.toSeq + 1 === gap.fromSeq && former.reason === gap.reason;
}

/**
 * The items without what was trimmed, in whose place there is one gap, from the line after `seq` on.
 * @param toSeq the last line that was trimmed
 */
export function withGapUpTo(items: readonly LogItem[], seq: number, toSeq: number): readonly LogItem[] {
  const kept: LogItem[] = [{ gap: { fromSeq: seq + 1, toSeq, reason: 'TRIMMED' } }];
  for (const item of items) {
    if (!isGap(item)) {
      if (item.lastSeq > toSeq) kept.push(item.after(toSeq));
    } else if (item.gap.toSeq > toSeq) {
      kept.push({ gap: { ...item.gap, fromSeq: Math.max(item.gap.fromSeq, toSeq + 1) } });
    }
  }
  return kept;
}
