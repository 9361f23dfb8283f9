import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useConnection } from '../connection/connection-context.tsx';
import type { LogStream } from '../generated/graphql.ts';
import { numberText, plural } from '../ui/format.ts';
import { useKeys } from '../ui/keys.ts';
import { Notice } from '../ui/notice.tsx';
import { rangeText } from './line-range.ts';
import type { FinderView } from './log-finder.ts';
import { LogList } from './log-list.tsx';
import { LogSearchBar } from './log-search-bar.tsx';
import { LogSource } from './log-source.ts';
import { type LogView, LogWindow } from './log-window.ts';
import { plainText } from './styled-text.ts';
import { useHits } from './use-hits.ts';
import { useMarkedLines } from './use-marked-lines.ts';
import { useSetting } from './use-setting.ts';

/** Lines that are copied at most. */
const COPIED_LINES = 500;
const STREAM_CHOICES = { both: null, STDOUT: ['STDOUT'], STDERR: ['STDERR'] } as const satisfies Record<
  string,
  readonly LogStream[] | null
>;
const NO_HITS: FinderView['rangesOf'] = new Map();
type StreamChoice = keyof typeof STREAM_CHOICES;

interface LogViewerProps {
  readonly jobId: string;
  /** Told of each change of what is known of the log, unfiltered. */
  readonly onView: (view: LogView) => void;
}

export function LogViewer({ jobId, onView }: LogViewerProps) {
  const [streams, setStreams] = useState<StreamChoice>('both');
  const [place, setPlace] = useState<number>();
  const shownSeq = useRef<number>(undefined);
  return (
    <OneLog
      key={streams}
      jobId={jobId}
      streams={streams}
      place={place}
      shownSeq={shownSeq}
      onView={streams === 'both' ? onView : undefined}
      onStreams={(next) => {
        // The place is kept: the reader sees the same part of the log, with more or fewer lines.
        setPlace(shownSeq.current);
        setStreams(next);
      }}
    />
  );
}

interface OneLogProps {
  readonly jobId: string;
  readonly streams: StreamChoice;
  readonly place: number | undefined;
  /** Where the reader is; undefined at the end. */
  readonly shownSeq: RefObject<number | undefined>;
  readonly onView: ((view: LogView) => void) | undefined;
  readonly onStreams: (streams: StreamChoice) => void;
}

function OneLog(props: OneLogProps) {
  const { client, streams: eventStreams } = useConnection();
  const { jobId, streams, place } = props;
  const [marked] = useMarkedLines();
  const [held, setHeld] = useState<LogWindow>();
  const begin = useRef(place ?? marked?.from);
  useEffect(() => {
    const made = new LogWindow(
      new LogSource(client, jobId, STREAM_CHOICES[streams]),
      eventStreams,
      begin.current,
    );
    setHeld(made);
    return () => made.dispose();
  }, [client, eventStreams, jobId, streams]);
  return held === undefined ? <div className="log" /> : <HeldLog {...props} held={held} />;
}

function HeldLog({
  jobId,
  streams,
  held,
  shownSeq,
  onView,
  onStreams,
}: OneLogProps & { readonly held: LogWindow }) {
  const { client } = useConnection();
  const view = useSyncExternalStore(held.subscribe, held.view);
  const [marked, mark, unmark] = useMarkedLines();
  const [wraps, setWraps] = useSetting('wrap', true);
  const [showsTimes, setShowsTimes] = useSetting('times', false);
  const [copied, setCopied] = useState<string>();
  const goTo = useRef<HTMLInputElement>(null);
  const searchField = useRef<HTMLInputElement>(null);
  const hits = useHits(jobId, STREAM_CHOICES[streams], held, mark);
  const { isFollowing, rows } = view;
  useEffect(() => {
    onView?.(view);
  }, [onView, view]);
  useEffect(() => {
    shownSeq.current = isFollowing ? undefined : rows[Math.floor(rows.length / 2)]?.seq;
  }, [shownSeq, isFollowing, rows]);
  useKeys({
    Home: () => held.jumpToStart(),
    End: () => held.jumpToEnd(),
    f: () => held.jumpToEnd(),
    g: () => goTo.current?.focus(),
    '/': () => searchField.current?.select(),
    w: () => setWraps(!wraps),
    t: () => setShowsTimes(!showsTimes),
  });
  const copy = async (): Promise<void> => {
    if (marked === undefined) return;
    const source = new LogSource(client, jobId, STREAM_CHOICES[streams]);
    const count = Math.min(COPIED_LINES, marked.to - marked.from + 1);
    const { page } = await source.page(
      { after: marked.from - 1, before: marked.from + count, first: count },
      new AbortController().signal,
    );
    await navigator.clipboard.writeText(page.nodes.map(({ text }) => plainText(text)).join('\n') + '\n');
    setCopied(`Copied ${plural(page.nodes.length, 'line')}.`);
  };
  const copyLink = async (): Promise<void> => {
    if (marked === undefined) return;
    await navigator.clipboard.writeText(`${location.origin}/jobs/${jobId}#${rangeText(marked)}`);
    setCopied('Copied the link.');
  };
  return (
    <section className="log" aria-label="Log viewer">
      <div className="log-tools">
        <ToggleGroup
          className="toggles"
          aria-label="Streams"
          value={[streams]}
          onValueChange={([next]) => onStreams((next as StreamChoice | undefined) ?? 'both')}
        >
          <Toggle value="both">Both</Toggle>
          <Toggle value="STDOUT">stdout</Toggle>
          <Toggle value="STDERR">stderr</Toggle>
        </ToggleGroup>
        <Toggle
          className="button small"
          pressed={wraps}
          onPressedChange={setWraps}
          title="Wrap long lines (w)"
        >
          Wrap
        </Toggle>
        <Toggle
          className="button small"
          pressed={showsTimes}
          onPressedChange={setShowsTimes}
          title="Show times (t)"
        >
          Times
        </Toggle>
        <form
          className="go-to"
          onSubmit={(event) => {
            event.preventDefault();
            const seq = Number(goTo.current?.value.replaceAll(/[^\d]/g, ''));
            if (seq > 0) {
              mark(seq, false);
              held.jumpTo(seq);
            }
            goTo.current?.blur();
          }}
        >
          <input
            ref={goTo}
            inputMode="numeric"
            placeholder="Line"
            aria-label="Go to line"
            title="Go to line (g)"
            onKeyDown={({ key }) => key === 'Escape' && goTo.current?.blur()}
          />
        </form>
        <button
          type="button"
          className="button small"
          onClick={() => held.jumpToStart()}
          title="First line (Home)"
        >
          Start
        </button>
        <button
          type="button"
          className="button small"
          onClick={() => held.jumpToEnd()}
          title="Last line (End)"
        >
          End
        </button>
        <span className="spread" />
        {marked !== undefined && (
          <span className="marked-tools">
            <button type="button" className="button small" onClick={() => void copy()}>
              Copy {rangeText(marked)}
            </button>
            <button type="button" className="button small" onClick={() => void copyLink()}>
              Copy link
            </button>
            <button type="button" className="button small" onClick={unmark} title="Point at no line">
              <span aria-hidden="true">×</span>
              <span className="hidden-text">Point at no line</span>
            </button>
          </span>
        )}
        <span className="log-count figure soft">{plural(view.lastSeq, 'line')}</span>
        <a
          className="button small"
          href={`/jobs/${jobId}/log?format=text${streams === 'both' ? '' : `&stream=${streams.toLowerCase()}`}`}
          download
        >
          Download
        </a>
      </div>
      <LogSearchBar
        field={searchField}
        sought={hits.sought}
        view={hits.view}
        onSeek={hits.seek}
        onGo={hits.go}
        onLeave={() => {
          hits.seek(undefined);
          document.querySelector<HTMLElement>('.log-scroller')?.focus();
        }}
      />
      <span role="status" className="hidden-text">
        {copied}
      </span>
      {view.isStale && (
        <Notice tone="warn">
          Stale: the server has not been heard of. It is asked again, and the log goes on at line{' '}
          {numberText(view.lastSeq + 1)}.
        </Notice>
      )}
      {view.failure !== undefined && <Notice tone="bad">{view.failure}</Notice>}
      <LogList
        window={held}
        view={view}
        wraps={wraps}
        showsTimes={showsTimes}
        marked={marked}
        onMark={mark}
        hitsOf={hits.view?.rangesOf ?? NO_HITS}
        onSee={hits.onSee}
      />
      {rows.length === 0 && view.failure === undefined && (
        <p className="log-empty">
          {view.isLoading ? 'Loading…' : view.isDone ? 'It wrote nothing.' : 'Nothing written yet.'}
        </p>
      )}
      {!isFollowing && !view.isLoading && (view.waitingLines > 0 || !view.isDone) && (
        <button type="button" className="log-waiting" onClick={() => held.jumpToEnd()}>
          <span role="status">
            {view.waitingLines === 0 ? 'Not following' : plural(view.waitingLines, 'new line')}
          </span>{' '}
          <span aria-hidden="true">↓</span>
        </button>
      )}
    </section>
  );
}
