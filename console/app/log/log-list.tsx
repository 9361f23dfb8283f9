import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { CarriedStyles } from './carried-style.ts';
import type { LineRange } from './line-range.ts';
import type { HitRanges } from './log-finder.ts';
import { LogLineView } from './log-line.tsx';
import { LogRail } from './log-rail.tsx';
import { endOf } from './log-row.ts';
import type { LogView, LogWindow } from './log-window.ts';

/** Of a line that is not wrapped, as the style sheet has it. */
const ROW_PX = 20;
/** Further rows are asked for when so many are left. */
const NEAR_ROWS = 300;
/** So far from the end is at the end. */
const END_PX = 4;

export interface LogListProps {
  readonly window: LogWindow;
  readonly view: LogView;
  readonly wraps: boolean;
  readonly showsTimes: boolean;
  readonly marked: LineRange | undefined;
  readonly onMark: (seq: number, isRange: boolean) => void;
  /** By seq: where in the lines is what the reader looks for. */
  readonly hitsOf: ReadonlyMap<number, HitRanges>;
  /** The first and the last line in view, where there is one. */
  readonly onSee: (topSeq: number, bottomSeq: number) => void;
}

/** The rows that are held, of which those in view are drawn. Scrolling near an end asks for more there. */
export function LogList({ window, view, wraps, showsTimes, marked, onMark, hitsOf, onSee }: LogListProps) {
  const { rows, isFollowing, jump, hasBefore, hasAfter } = view;
  const [styles] = useState(() => new CarriedStyles());
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 20,
    // What is in view stays where it is when rows are added above it.
    anchorTo: 'end',
    followOnAppend: isFollowing,
    scrollEndThreshold: END_PX,
    useFlushSync: false,
  });
  const items = virtualizer.getVirtualItems();

  useEffect(() => {
    if (jump === undefined) return;
    const { to } = jump;
    const { rows: held } = window.view();
    if (to === 'end') virtualizer.scrollToIndex(held.length - 1, { align: 'end' });
    else if (to === 'start') virtualizer.scrollToIndex(0, { align: 'start' });
    else {
      const index = held.findIndex((row) => endOf(row) >= to);
      virtualizer.scrollToIndex(index < 0 ? held.length - 1 : index, { align: 'center' });
    }
  }, [jump]);

  // With each row that comes, as long as the reader follows; also while the list finds out how high its lines are.
  const totalPx = virtualizer.getTotalSize();
  useEffect(() => {
    const element = scroller.current;
    if (isFollowing && element !== null) element.scrollTop = element.scrollHeight;
  }, [isFollowing, totalPx, rows]);

  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasBefore && first < NEAR_ROWS && !isFollowing) window.loadBefore();
    if (hasAfter && last > rows.length - NEAR_ROWS) window.loadAfter();
  }, [first, last, rows, hasBefore, hasAfter, isFollowing, window]);

  // Only what the reader does: rows that are added move the list, too.
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const look = (): void => {
      const restPx = element.scrollHeight - element.scrollTop - element.clientHeight;
      window.setAtEnd(restPx <= END_PX);
    };
    const later = (): void => void requestAnimationFrame(look);
    const onWheel = (event: WheelEvent): void => {
      if (event.deltaY < 0 && element.scrollTop > 0) window.setAtEnd(false);
      else later();
    };
    element.addEventListener('wheel', onWheel, { passive: true });
    for (const kind of TOUCHES) element.addEventListener(kind, later, { passive: true });
    element.addEventListener('scrollend', look, { passive: true });
    return () => {
      element.removeEventListener('wheel', onWheel);
      for (const kind of TOUCHES) element.removeEventListener(kind, later);
      element.removeEventListener('scrollend', look);
    };
  }, [window]);

  const carried = styles.before(rows, first, last);
  const inView = rowsInView(scroller.current, items);
  const topRow = rows[inView.first];
  const bottomRow = rows[inView.last];
  const topSeq = topRow?.seq;
  const bottomSeq = bottomRow?.seq;
  useEffect(() => {
    if (topSeq !== undefined && bottomSeq !== undefined) onSee(topSeq, bottomSeq);
  }, [topSeq, bottomSeq, onSee]);
  return (
    <div className="log-frame">
      <div
        ref={scroller}
        className={`log-scroller ${wraps ? 'wraps' : ''}`}
        role="region"
        aria-label="Log"
        tabIndex={0}
        data-first={topRow?.seq}
        data-last={bottomRow?.seq}
      >
        <div className="log-sheet" style={{ height: `${String(totalPx)}px` }}>
          <div className="log-rows" style={{ transform: `translateY(${String(items[0]?.start ?? 0)}px)` }}>
            {items.map(({ index, key }) => {
              const row = rows[index];
              if (row === undefined) return null;
              return (
                <div key={key} data-index={index} ref={wraps ? virtualizer.measureElement : undefined}>
                  <LogLineView
                    row={row}
                    carried={carried[index - first] ?? ''}
                    showsTimes={showsTimes}
                    isMarked={marked !== undefined && row.seq >= marked.from && row.seq <= marked.to}
                    hits={hitsOf.get(row.seq)}
                    onMark={onMark}
                  />
                </div>
              );
            })}
          </div>
        </div>
      </div>
      <LogRail
        firstSeq={view.keptFromSeq}
        lastSeq={view.lastSeq}
        topSeq={topRow?.seq ?? 1}
        bottomSeq={bottomRow?.seq ?? 1}
        onGoTo={(seq) => window.jumpTo(seq)}
      />
    </div>
  );
}

const TOUCHES = ['touchmove', 'touchend'] as const;

/** Without the rows that are drawn beside, for smooth scrolling. */
function rowsInView(
  element: HTMLElement | null,
  items: readonly { readonly index: number; readonly start: number; readonly end: number }[],
): { readonly first: number; readonly last: number } {
  if (element === null) return { first: 0, last: 0 };
  const top = element.scrollTop;
  const bottom = top + element.clientHeight;
  const seen = items.filter(({ start, end }) => end > top && start < bottom);
  return { first: seen[0]?.index ?? 0, last: seen.at(-1)?.index ?? 0 };
}
