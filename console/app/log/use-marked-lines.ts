import { useCallback, useEffect, useState } from 'react';
import { type LineRange, rangeIn, rangeText } from './line-range.ts';

/** The lines that the URL points at, and how to point at others. */
export function useMarkedLines(): readonly [
  LineRange | undefined,
  (seq: number, isRange: boolean) => void,
  () => void,
] {
  const [range, setRange] = useState(() => rangeIn(location.hash));
  useEffect(() => {
    const read = (): void => setRange(rangeIn(location.hash));
    addEventListener('hashchange', read);
    return () => removeEventListener('hashchange', read);
  }, []);
  const write = useCallback((next: LineRange | undefined) => {
    const hash = next === undefined ? '' : `#${rangeText(next)}`;
    // In place: each line that was clicked on would be a step back otherwise.
    history.replaceState(history.state, '', location.pathname + location.search + hash);
    setRange(next);
  }, []);
  const mark = useCallback(
    (seq: number, isRange: boolean) => {
      const before = rangeIn(location.hash);
      if (isRange && before !== undefined) {
        write({ from: Math.min(before.from, seq), to: Math.max(before.from, seq) });
      } else write({ from: seq, to: seq });
    },
    [write],
  );
  return [range, mark, useCallback(() => write(undefined), [write])];
}
