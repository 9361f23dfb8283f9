import { type PointerEvent, useRef, useState } from 'react';
import { numberText } from '../ui/format.ts';

interface LogRailProps {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** The lines in view. */
  readonly topSeq: number;
  readonly bottomSeq: number;
  readonly onGoTo: (seq: number) => void;
}

/** Where in the whole log the reader is, and a way to anywhere in it: a scroll bar by line numbers, whatever the length. */
export function LogRail({ firstSeq, lastSeq, topSeq, bottomSeq, onGoTo }: LogRailProps) {
  const track = useRef<HTMLDivElement>(null);
  const [aimedSeq, setAimedSeq] = useState<number>();
  const count = Math.max(1, lastSeq - firstSeq + 1);
  const share = Math.min(1, Math.max(0, (bottomSeq - topSeq + 1) / count));
  const top = Math.min(1 - share, Math.max(0, ((aimedSeq ?? topSeq) - firstSeq) / count));
  const seqAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    if (box === undefined) return firstSeq;
    const part = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    return Math.round(firstSeq + part * (count - 1));
  };
  return (
    <div
      ref={track}
      className="log-rail"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setAimedSeq(seqAt(event));
      }}
      onPointerMove={(event) => {
        if (aimedSeq !== undefined) setAimedSeq(seqAt(event));
      }}
      onPointerUp={(event) => {
        if (aimedSeq !== undefined) onGoTo(seqAt(event));
        setAimedSeq(undefined);
      }}
      onPointerCancel={() => setAimedSeq(undefined)}
    >
      <div
        className="log-thumb"
        style={{ top: `${String(top * 100)}%`, height: `max(20px, ${String(share * 100)}%)` }}
      />
      {aimedSeq !== undefined && (
        <div className="log-aim" style={{ top: `${String(top * 100)}%` }}>
          {numberText(aimedSeq)}
        </div>
      )}
    </div>
  );
}
