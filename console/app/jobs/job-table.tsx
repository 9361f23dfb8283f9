import { memo } from 'react';
import { Link } from 'wouter';
import { useMay } from '../connection/connection-context.tsx';
import type { JobRowFragment } from '../generated/graphql.ts';
import { runsText } from '../ui/format.ts';
import { isFinal, JobPill } from '../ui/status.tsx';
import { Ago, Duration } from '../ui/time.tsx';
import { JobActions } from './job-actions.tsx';

interface JobTableProps {
  readonly jobs: readonly JobRowFragment[];
  readonly chosen: string | undefined;
  readonly onLabel: (label: string) => void;
}

export function JobTable({ jobs, chosen, onLabel }: JobTableProps) {
  const mayAct = useMay('RUN');
  return (
    <table className="list">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Job</th>
          <th scope="col">Service</th>
          <th scope="col">Queued</th>
          <th scope="col" className="right">
            Duration
          </th>
          <th scope="col" className="right">
            Exit
          </th>
          <th scope="col">{mayAct && <span className="hidden-text">Actions</span>}</th>
        </tr>
      </thead>
      <tbody>
        {jobs.map((job) => (
          <JobRow key={job.id} job={job} isChosen={job.id === chosen} mayAct={mayAct} onLabel={onLabel} />
        ))}
      </tbody>
    </table>
  );
}

const JobRow = memo(function JobRow({
  job,
  isChosen,
  mayAct,
  onLabel,
}: {
  readonly job: JobRowFragment;
  readonly isChosen: boolean;
  readonly mayAct: boolean;
  readonly onLabel: (label: string) => void;
}) {
  return (
    <tr id={`job-${job.id}`} className={isChosen ? 'chosen' : undefined}>
      <td className="cell-status">
        <JobPill status={job.status} />
      </td>
      <td className="cell-main">
        <Link href={`/jobs/${job.id}`} className="job-link">
          <span className="job-number">#{job.id}</span>
          <code className="one-line">{runsText(job)}</code>
        </Link>
        {(job.message !== null || job.labels.length > 0) && (
          <div className="row-notes">
            {job.message !== null && job.status !== 'SUCCEEDED' && (
              <span className="soft">{job.message}</span>
            )}
            {job.labels.map((label) => (
              <button key={label} type="button" className="chip small" onClick={() => onLabel(label)}>
                {label}
              </button>
            ))}
          </div>
        )}
      </td>
      <td className="cell-service">{job.serviceName}</td>
      <td className="cell-queued soft">
        <Ago instant={job.queuedAt} />
      </td>
      <td className="cell-duration right">
        <Duration durationMs={job.durationMs} isRunning={job.startedAt !== null && !isFinal(job.status)} />
      </td>
      <td className="cell-exit right figure">{exitText(job)}</td>
      <td className="cell-actions">{mayAct && <JobActions job={job} />}</td>
    </tr>
  );
}, sameRow);

interface RowProps {
  readonly job: JobRowFragment;
  readonly isChosen: boolean;
  readonly mayAct: boolean;
}

/** What is done with a label is the same at each render. */
function sameRow(one: RowProps, other: RowProps): boolean {
  return one.job === other.job && one.isChosen === other.isChosen && one.mayAct === other.mayAct;
}

function exitText({ exitCode, signal }: JobRowFragment): string {
  if (signal !== null) return signal.replace(/^SIG/, '');
  return exitCode === null ? '' : String(exitCode);
}
