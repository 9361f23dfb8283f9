import type { JobDetailsFragment } from '../generated/graphql.ts';
import type { LogView } from '../log/log-window.ts';
import { bytesText, numberText, plural } from '../ui/format.ts';
import { inWords, toneOf } from '../ui/status.tsx';

interface EndBannerProps {
  readonly job: JobDetailsFragment;
  /** What this page received of the log; undefined before, and where it looks at one stream alone. */
  readonly log: LogView | undefined;
}

/** How a job ended, and whether its log is whole. */
export function EndBanner({ job, log }: EndBannerProps) {
  const { status, message, exitCode, signal, signalInferred } = job;
  const { lastSeq, stdoutBytes, stderrBytes, stdoutLines, stderrLines } = job.log;
  return (
    <div className={`banner ${toneOf(status)}`} role="status">
      <strong>{inWords(status)}</strong>
      {message !== null && <span>{message}</span>}
      <span className="banner-facts">
        {exitCode !== null && <span>exit {exitCode}</span>}
        {signal !== null && (
          <span>
            {signal}
            {signalInferred && ' (by its exit code)'}
          </span>
        )}
        <span>last line {numberText(lastSeq)}</span>
        <span>{plural(stdoutLines + stderrLines, 'line')}</span>
        <span>{bytesText(stdoutBytes + stderrBytes)}</span>
      </span>
      <Completeness lastSeq={lastSeq} keptFromSeq={job.log.keptFromSeq} log={log} />
    </div>
  );
}

function Completeness({
  lastSeq,
  keptFromSeq,
  log,
}: {
  readonly lastSeq: number;
  readonly keptFromSeq: number;
  readonly log: LogView | undefined;
}) {
  if (log?.isDone !== true) return null;
  const expected = lastSeq - log.receivedAfterSeq;
  const isWhole = log.receivedLines + log.missingLines === expected && log.lastSeq === lastSeq;
  if (!isWhole) {
    return (
      <span className="verdict bad">
        Incomplete here: {numberText(log.receivedLines)} of {plural(expected, 'line')}. Load the page again.
      </span>
    );
  }
  if (log.missingLines > 0 || keptFromSeq > 1) {
    return <span className="verdict warn">Complete but for what is gone: the gaps say why.</span>;
  }
  const isFromStart = log.receivedAfterSeq === 0;
  return (
    <span className="verdict good">
      {isFromStart
        ? `Complete: this page received ${numberText(log.receivedLines)} of ${plural(lastSeq, 'line')}.`
        : `Complete: ${plural(lastSeq, 'line')}, none missing.`}
    </span>
  );
}
