import { memo, type MouseEvent, useState } from 'react';
import { momentText, numberText, plural } from '../ui/format.ts';
import { inWords } from '../ui/status.tsx';
import { hitRuns } from './hit-runs.ts';
import type { HitRanges } from './log-finder.ts';
import type { LogRow } from './log-row.ts';
import { type StyledRun, styledRuns } from './styled-text.ts';

/** Of a longer line the beginning is shown, until somebody asks for the rest. */
const SHOWN_CHARACTERS = 4_000;

export interface LogLineProps {
  readonly row: LogRow;
  /** The look in which the line before ended. */
  readonly carried: string;
  readonly showsTimes: boolean;
  readonly isMarked: boolean;
  /** Where in it is what the reader looks for. */
  readonly hits: HitRanges | undefined;
  readonly onMark: (seq: number, isRange: boolean) => void;
}

/** One line with its number, or the place of lines that are gone. */
export const LogLineView = memo(function LogLineView({
  row,
  carried,
  showsTimes,
  isMarked,
  hits,
  onMark,
}: LogLineProps) {
  if (row.kind === 'gap') {
    const { fromSeq, toSeq, reason } = row.gap;
    return (
      <div className="log-gap">
        {plural(toSeq - fromSeq + 1, 'line')} {toSeq === fromSeq ? 'is' : 'are'} gone: {numberText(fromSeq)}–
        {numberText(toSeq)}, {GONE_BECAUSE[reason] ?? inWords(reason)}
      </div>
    );
  }
  const { seq, stream, text, at, atApproximate, continued } = row.line;
  const mark = (event: MouseEvent): void => {
    event.preventDefault();
    onMark(seq, event.shiftKey);
  };
  return (
    <div className={`log-line ${stream === 'STDERR' ? 'stderr' : ''} ${isMarked ? 'marked' : ''}`}>
      <a className="log-number" href={`#L${String(seq)}`} onClick={mark} tabIndex={-1}>
        {seq}
      </a>
      {showsTimes && (
        <time className="log-time" dateTime={at} title={at}>
          {atApproximate ? '~' : ''}
          {momentText(at).slice(11)}
        </time>
      )}
      <span className="log-stream" title={stream === 'STDERR' ? 'Standard error' : 'Standard output'}>
        {stream === 'STDERR' ? 'err' : ''}
      </span>
      <LineText text={text} carried={carried} hits={hits} />
      {continued && (
        <span className="log-continued" title="No newline ended this piece: the next one goes on with it">
          ↩
        </span>
      )}
    </div>
  );
});

function LineText({
  text,
  carried,
  hits,
}: {
  readonly text: string;
  readonly carried: string;
  readonly hits: HitRanges | undefined;
}) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole || text.length <= SHOWN_CHARACTERS ? text : text.slice(0, SHOWN_CHARACTERS);
  return (
    <span className="log-text">
      {hits === undefined
        ? styledRuns(shown, carried).map(styledRun)
        : hitRuns(shown, hits, carried).map(({ isHit, ...run }, place) =>
            isHit ? <mark key={place}>{styledRun(run, place)}</mark> : styledRun(run, place),
          )}
      {shown.length < text.length && (
        <button type="button" className="chip small" onClick={() => setWhole(true)}>
          {plural(text.length - shown.length, 'more character')}
        </button>
      )}
    </span>
  );
}

function styledRun({ text, classes, color, background }: StyledRun, place: number) {
  if (classes === '' && color === undefined && background === undefined) return text;
  return (
    <span
      key={place}
      className={classes}
      style={{
        ...(color !== undefined && { color }),
        ...(background !== undefined && { background }),
      }}
    >
      {text}
    </span>
  );
}

const GONE_BECAUSE: Readonly<Record<string, string>> = {
  TRIMMED: 'they made room when the log was full',
  RETENTION: 'they were older than is kept',
  DAMAGED: 'they cannot be read any more',
};
