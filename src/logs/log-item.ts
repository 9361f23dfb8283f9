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

/** Appends the item; a gap that continues the one before becomes one with it. */
export function appendItem(items: LogItem[], item: LogItem): void {
  const last = items.at(-1);
  if (last !== undefined && isGap(last) && isGap(item) && last.gap.toSeq + 1 === item.gap.fromSeq) {
    items[items.length - 1] = { gap: { ...last.gap, toSeq: item.gap.toSeq } };
  } else {
    items.push(item);
  }
}
