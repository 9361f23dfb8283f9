import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';
import { useMay } from '../connection/connection-context.tsx';
import type { JobDetailsFragment } from '../generated/graphql.ts';
import { JobActions } from '../jobs/job-actions.tsx';
import { LogViewer } from '../log/log-viewer.tsx';
import type { LogView } from '../log/log-window.ts';
import { momentText, runsText, spanText } from '../ui/format.ts';
import { Notice, StaleNotice } from '../ui/notice.tsx';
import { inWords, isFinal, JobPill } from '../ui/status.tsx';
import { Ago, Duration } from '../ui/time.tsx';
import { useTitle } from '../ui/use-title.ts';
import { CancellationReport } from './cancellation-report.tsx';
import { EndBanner } from './end-banner.tsx';
import { useJob } from './use-job.ts';

export function JobPage({ jobId }: { readonly jobId: string }) {
  useTitle(`Job ${jobId}`);
  const { state: job, isConnected, refusal } = useJob(jobId);
  const [log, setLog] = useState<LogView>();
  if (refusal !== undefined && job === undefined) {
    return (
      <div className="page">
        <Notice tone="bad">{refusal.message}</Notice>
        <p>
          <Link href="/">All jobs</Link>
        </p>
      </div>
    );
  }
  return (
    <div className="job-page">
      {job === undefined ? <div className="job-head">Job {jobId}</div> : <JobHead job={job} />}
      {!isConnected && log?.isStale !== true && <StaleNotice />}
      {job !== undefined && isFinal(job.status) && <EndBanner job={job} log={log} />}
      <div className="job-body">
        <LogViewer jobId={jobId} onView={setLog} />
        {job !== undefined && <JobSide job={job} />}
      </div>
    </div>
  );
}

function JobHead({ job }: { readonly job: JobDetailsFragment }) {
  const mayAct = useMay('RUN');
  return (
    <div className="job-head">
      <div className="job-title">
        <h1>
          <Link href="/" className="soft">
            Jobs
          </Link>{' '}
          <span className="soft" aria-hidden="true">
            /
          </span>{' '}
          {job.id}
        </h1>
        <JobPill status={job.status} />
        <span className="job-clock">
          <Duration durationMs={job.durationMs} isRunning={job.startedAt !== null && !isFinal(job.status)} />
        </span>
        <span className="spread" />
        {mayAct && <JobActions job={job} former={job} />}
      </div>
      <pre className="job-command">{runsText(job)}</pre>
      {job.queue !== null && <p className="soft">{job.queue.message}</p>}
      {job.log.heldBack && (
        <Notice tone="warn">
          It writes faster than is read: its next write waits, and goes on by itself.
        </Notice>
      )}
      {job.log.problem !== null && <Notice tone="warn">{job.log.problem}</Notice>}
    </div>
  );
}

function JobSide({ job }: { readonly job: JobDetailsFragment }) {
  return (
    <aside className="job-side" aria-label="About this job" tabIndex={0}>
      {job.cancellation !== null && <CancellationReport cancellation={job.cancellation} />}
      <section>
        <h2>Facts</h2>
        <dl className="facts">
          {job.serviceName !== null && <Fact name="Service">{job.serviceName}</Fact>}
          <Fact name="Made by">{inWords(job.trigger)}</Fact>
          {job.rerunOf !== null && (
            <Fact name="Run again from">
              <Link href={`/jobs/${job.rerunOf.id}`}>#{job.rerunOf.id}</Link>, attempt {job.attempt}
            </Fact>
          )}
          <Fact name="Queued">
            <Ago instant={job.queuedAt} />
          </Fact>
          {job.startedAt !== null && <Fact name="Started">{momentText(job.startedAt)}</Fact>}
          {job.finishedAt !== null && <Fact name="Finished">{momentText(job.finishedAt)}</Fact>}
          {job.pid !== null && <Fact name="Pid">{job.pid}</Fact>}
          <Fact name="Directory">
            <code>{job.cwd}</code>
          </Fact>
          {job.timeoutMs !== null && <Fact name="Timeout">{spanText(job.timeoutMs)}</Fact>}
          <Fact name="Grace period">{spanText(job.gracePeriodMs)}</Fact>
          {job.labels.length > 0 && <Fact name="Labels">{job.labels.join(', ')}</Fact>}
        </dl>
      </section>
      <section>
        <h2>Steps</h2>
        <ol className="steps">
          {job.transitions.map(({ number, to, at, cause, reason }) => (
            <li key={number}>
              <JobPill status={to} /> <time dateTime={at}>{momentText(at).slice(11)}</time>
              <div className="soft">{cause ?? (reason === 'NONE' ? '' : inWords(reason))}</div>
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h2>Environment</h2>
        {job.env.length === 0 ? (
          <p className="soft">PATH, HOME and LANG alone.</p>
        ) : (
          <dl className="env">
            {job.env.map(({ name, value }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        )}
      </section>
    </aside>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
