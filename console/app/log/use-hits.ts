import { useCallback, useEffect, useRef, useState } from 'react';
import type { LogStream } from '../generated/graphql.ts';
import { useKeys } from '../ui/keys.ts';
import type { FinderView, Sought } from './log-finder.ts';
import type { LogWindow } from './log-window.ts';
import { useLogSearch } from './use-log-search.ts';

type Direction = 'next' | 'previous';

export interface Hits {
  readonly sought: Sought | undefined;
  readonly view: FinderView | undefined;
  readonly seek: (sought: Sought | undefined) => void;
  readonly go: (direction: Direction) => void;
  readonly onSee: (topSeq: number, bottomSeq: number) => void;
}

/** The hit that the reader was led to. */
interface LastHit {
  readonly seq: number;
  /** Whether it was in view since. */
  readonly isSeen: boolean;
}

/**
 * Where to go on from the last hit; undefined where the reader has left it. One who is led to it has not come there yet, and a list that
 * finds out how high its lines are shows others for a moment: so a screen beside it is not far.
 */
function fromHit(hit: LastHit | undefined, top: number, bottom: number): number | undefined {
  if (hit === undefined) return undefined;
  const screen = bottom - top + 1;
  return !hit.isSeen || (hit.seq >= top - screen && hit.seq <= bottom + screen) ? hit.seq : undefined;
}

/** Leads the reader of a log from hit to hit, each of which becomes the line that the URL points at. */
export function useHits(
  jobId: string,
  streams: readonly LogStream[] | null,
  held: LogWindow,
  mark: (seq: number, isRange: boolean) => void,
): Hits {
  const { sought, finder, view, setSought } = useLogSearch(jobId, streams);
  const seen = useRef({ top: 1, bottom: 0 });
  const last = useRef<LastHit>(undefined);
  const steps = useRef<Promise<void>>(Promise.resolve());
  const [wish, setWish] = useState<{ readonly direction: Direction }>();

  const { lastSeq } = held.view();
  useEffect(() => finder?.reach(lastSeq), [finder, lastSeq]);

  const onSee = useCallback(
    (top: number, bottom: number) => {
      seen.current = { top, bottom };
      const hit = last.current;
      if (hit !== undefined && hit.seq >= top && hit.seq <= bottom) last.current = { ...hit, isSeen: true };
      finder?.lookAt(top, bottom);
    },
    [finder],
  );

  // A pattern that was typed has its finder one turn later.
  useEffect(() => {
    if (wish === undefined || finder === undefined || finder.sought !== sought) return;
    setWish(undefined);
    const { direction } = wish;
    // One after the other: each begins where the one before has led.
    steps.current = steps.current.then(async () => {
      const { top, bottom } = seen.current;
      const from = fromHit(last.current, top, bottom) ?? (direction === 'next' ? top - 1 : bottom + 1);
      const seq = await finder.go(direction, from);
      if (seq === undefined) return;
      last.current = { seq, isSeen: seq >= seen.current.top && seq <= seen.current.bottom };
      mark(seq, false);
      held.jumpTo(seq);
    });
  }, [wish, finder, sought, held, mark]);
  const go = useCallback((direction: Direction) => setWish({ direction }), []);

  const seek = useCallback(
    (next: Sought | undefined) => {
      last.current = undefined;
      setSought(next);
    },
    [setSought],
  );
  useKeys(
    sought === undefined
      ? {}
      : { n: () => go('next'), N: () => go('previous'), Escape: () => seek(undefined) },
    true,
  );
  return { sought, view, seek, go, onSee };
}
