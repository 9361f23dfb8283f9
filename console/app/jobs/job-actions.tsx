import { useState } from 'react';
import { useLocation } from 'wouter';
import { useConnection, useMay } from '../connection/connection-context.tsx';
import { type JobRowFragment, RunAgainDocument } from '../generated/graphql.ts';
import { useKeys } from '../ui/keys.ts';
import { isFinal } from '../ui/status.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import type { FormerJob } from './job-form.ts';
import { StartDialog } from './start-dialog.tsx';

/** What can be done with a job by who may. On the page of the job, by keys, too. */
export function JobActions({
  job,
  former,
}: {
  readonly job: JobRowFragment;
  /** All of it, for changes before the rerun; undefined in lists. */
  readonly former?: FormerJob;
}) {
  const isSmall = former === undefined;
  const { client } = useConnection();
  const mayExec = useMay('EXEC');
  const [, goTo] = useLocation();
  const [open, setOpen] = useState<'cancel' | 'edit'>();
  const [failure, setFailure] = useState<string>();
  const isOver = isFinal(job.status);
  const runAgain = (): void => {
    client.execute(RunAgainDocument, { jobId: job.id }).then(
      ({ rerunJob }) => goTo(`/jobs/${rerunJob.id}`),
      (error: unknown) => setFailure(error instanceof Error ? error.message : 'It could not be started.'),
    );
  };
  const size = isSmall ? 'button small' : 'button';
  return (
    <div className="actions">
      {!isSmall && (
        <JobKeys
          onCancel={() => {
            if (!isOver) setOpen('cancel');
          }}
          onRunAgain={runAgain}
          onEdit={() => {
            if (mayExec) setOpen('edit');
          }}
        />
      )}
      {!isOver && (
        <button type="button" className={`${size} danger`} onClick={() => setOpen('cancel')}>
          Cancel<span className="hidden-text"> job {job.id}</span>
        </button>
      )}
      {(isOver || !isSmall) && (
        <button type="button" className={size} onClick={runAgain}>
          Run again<span className="hidden-text"> job {job.id}</span>
        </button>
      )}
      {mayExec && !isSmall && (
        <button type="button" className={size} onClick={() => setOpen('edit')}>
          Edit<span className="hidden-text"> job {job.id} and run it again</span>
        </button>
      )}
      {failure !== undefined && (
        <span role="alert" className="field-error">
          {failure}
        </span>
      )}
      {open === 'cancel' && <CancelDialog job={job} onClose={() => setOpen(undefined)} />}
      {open === 'edit' && former !== undefined && (
        <StartDialog former={former} onClose={() => setOpen(undefined)} />
      )}
    </div>
  );
}

function JobKeys({
  onCancel,
  onRunAgain,
  onEdit,
}: {
  readonly onCancel: () => void;
  readonly onRunAgain: () => void;
  readonly onEdit: () => void;
}) {
  useKeys({ c: onCancel, r: onRunAgain, e: onEdit });
  return null;
}
