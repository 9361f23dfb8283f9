import { useEffect, useState } from 'react';
import { agoText, momentText, spanText } from './format.ts';

/** The time of this browser, anew each second, or standing still. */
export function useNow(isTicking = true): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    if (!isTicking) return;
    const timer = setInterval(() => setNowMs(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isTicking]);
  return nowMs;
}

/** How long a job took, or takes: goes on from what the server said, whose clock may differ from this one. */
export function Duration({
  durationMs,
  isRunning,
}: {
  readonly durationMs: number | null;
  readonly isRunning: boolean;
}) {
  const [told, setTold] = useState({ durationMs, atMs: Date.now() });
  if (told.durationMs !== durationMs) setTold({ durationMs, atMs: Date.now() });
  const nowMs = useNow(isRunning);
  if (durationMs === null) return <span className="soft">–</span>;
  const text = isRunning
    ? spanText(Math.floor((durationMs + Math.max(0, nowMs - told.atMs)) / 1000) * 1000)
    : spanText(durationMs);
  return <span className="figure">{isRunning ? text.replace('.0', '') : text}</span>;
}

export function Ago({ instant }: { readonly instant: string }) {
  const nowMs = useNow();
  return (
    <time dateTime={instant} title={momentText(instant)}>
      {agoText(instant, nowMs)}
    </time>
  );
}
