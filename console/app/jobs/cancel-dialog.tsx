import { Dialog } from '@base-ui/react/dialog';
import { useState } from 'react';
import { useConnection } from '../connection/connection-context.tsx';
import { EndJobDocument, type JobRowFragment } from '../generated/graphql.ts';
import { runsText } from '../ui/format.ts';

/** Asks once more before a job is ended, and how hard. */
export function CancelDialog({
  job,
  onClose,
}: {
  readonly job: JobRowFragment;
  readonly onClose: () => void;
}) {
  const { client } = useConnection();
  const [failure, setFailure] = useState<string>();
  const cancel = (gracePeriodMs: number | null): void => {
    client
      .execute(EndJobDocument, { jobId: job.id, gracePeriodMs })
      .then(onClose, (error: unknown) =>
        setFailure(error instanceof Error ? error.message : 'It could not be cancelled.'),
      );
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog narrow">
          <Dialog.Title>Cancel job {job.id}?</Dialog.Title>
          <Dialog.Description>
            <code className="one-line">{runsText(job)}</code>
          </Dialog.Description>
          <p className="soft">
            It is asked to end, and killed with all its processes when its grace period is over.
          </p>
          {failure !== undefined && (
            <p role="alert" className="field-error">
              {failure}
            </p>
          )}
          <div className="dialog-buttons">
            <Dialog.Close className="button">Let it run</Dialog.Close>
            <button type="button" className="button danger" onClick={() => cancel(0)}>
              Kill now
            </button>
            <button type="button" className="button danger-main" onClick={() => cancel(null)}>
              Cancel job
            </button>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
