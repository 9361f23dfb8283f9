import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { useState } from 'react';
import { Link } from 'wouter';
import type { ServiceEntryFragment } from '../generated/graphql.ts';
import { momentText, spanText } from '../ui/format.ts';
import { inWords, toneOf } from '../ui/status.tsx';
import { useNow } from '../ui/time.tsx';

const MINUTE_MS = 60_000;
const SPANS = {
  '1 min': MINUTE_MS,
  '10 min': 10 * MINUTE_MS,
  '1 h': 60 * MINUTE_MS,
  '24 h': 1_440 * MINUTE_MS,
  '7 d': 10_080 * MINUTE_MS,
};
type Span = keyof typeof SPANS;
/** Marks of the axis, from its beginning to now. */
const MARKS = 4;

type Run = ServiceEntryFragment['jobs']['edges'][number]['node'];

/** When the last runs of each service were, how long each took and what it came to. Nothing where nothing has run. */
export function RunTimeline({ services }: { readonly services: readonly ServiceEntryFragment[] }) {
  const [chosen, setChosen] = useState<Span>();
  const nowMs = useNow();
  const withRuns = services.filter(({ jobs }) => jobs.edges.length > 0);
  if (withRuns.length === 0) return null;
  const span = chosen ?? shortestWithAll(withRuns, nowMs);
  const spanMs = SPANS[span];
  return (
    <section className="service service-panel" aria-labelledby="runs">
      <div className="timeline-head">
        <h2 id="runs">Runs</h2>
        <ToggleGroup
          className="toggles"
          aria-label="How far back"
          value={[span]}
          onValueChange={([next]) => setChosen(next as Span | undefined)}
        >
          {(Object.keys(SPANS) as Span[]).map((name) => (
            <Toggle key={name} value={name}>
              {name}
            </Toggle>
          ))}
        </ToggleGroup>
      </div>
      <div className="timeline">
        {withRuns.map(({ name, jobs }) => (
          <TimelineRow
            key={name}
            name={name}
            runs={jobs.edges.map(({ node }) => node)}
            fromMs={nowMs - spanMs}
            nowMs={nowMs}
          />
        ))}
        <div className="timeline-row" aria-hidden="true">
          <span />
          <div className="timeline-marks soft">
            {Array.from({ length: MARKS + 1 }, (_, mark) => (
              <span key={mark}>
                {mark === MARKS ? 'now' : `−${spanText((spanMs * (MARKS - mark)) / MARKS).replace('.0', '')}`}
              </span>
            ))}
          </div>
        </div>
      </div>
      <p className="soft">The last 20 runs of each service.</p>
    </section>
  );
}

function shortestWithAll(services: readonly ServiceEntryFragment[], nowMs: number): Span {
  const oldestMs = Math.min(...services.flatMap(({ jobs }) => jobs.edges.map(({ node }) => beginMsOf(node))));
  const spans = Object.keys(SPANS) as Span[];
  return spans.find((name) => oldestMs >= nowMs - SPANS[name]) ?? '7 d';
}

interface RowProps {
  readonly name: string;
  /** Newest first. */
  readonly runs: readonly Run[];
  readonly fromMs: number;
  readonly nowMs: number;
}

function TimelineRow({ name, runs, fromMs, nowMs }: RowProps) {
  const shown = runs.filter((run) => endMsOf(run, nowMs) >= fromMs).toReversed();
  return (
    <div className="timeline-row">
      <a href={`#service-${name}`} className="one-line">
        {name}
      </a>
      <ol aria-label={`Runs of ${name} by time`}>
        {shown.map((run) => {
          const beganMs = beginMsOf(run);
          const endMs = endMsOf(run, nowMs);
          const left = percent(Math.max(0, beganMs - fromMs), nowMs - fromMs);
          const width = percent(endMs - Math.max(beganMs, fromMs), nowMs - fromMs);
          const text = wordsOf(run, endMs - beganMs);
          return (
            <li key={run.id} style={{ left: `${String(left)}%`, width: `${String(width)}%` }}>
              <Link href={`/jobs/${run.id}`} className={toneOf(run.status)} title={text}>
                <span className="hidden-text">{text}</span>
              </Link>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function wordsOf({ id, status, startedAt, queuedAt, finishedAt }: Run, tookMs: number): string {
  const took = finishedAt === null ? `for ${spanText(tookMs)} so far` : `took ${spanText(tookMs)}`;
  return `Job ${id}: ${inWords(status)}, ${momentText(startedAt ?? queuedAt).slice(0, 19)}, ${took}`;
}

/** A clock of this browser may be behind that of the server. */
function endMsOf(run: Run, nowMs: number): number {
  return Math.max(beginMsOf(run), run.finishedAt === null ? nowMs : Date.parse(run.finishedAt));
}

function beginMsOf({ startedAt, queuedAt }: Run): number {
  return Date.parse(startedAt ?? queuedAt);
}

function percent(partMs: number, wholeMs: number): number {
  return Math.min(100, Math.max(0, (100 * partMs) / wholeMs));
}
