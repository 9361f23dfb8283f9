import { Dialog } from '@base-ui/react/dialog';
import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { type FormEvent, type KeyboardEvent, type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';
import { LifelineRequestError } from '../../../src/client/client.ts';
import { useConnection } from '../connection/connection-context.tsx';
import { RunAgainDocument, StartNewJobDocument } from '../generated/graphql.ts';
import { wordsOf } from '../ui/words.ts';
import { EMPTY_FORM, type FormerJob, formOf, type JobForm, newRequestId, requestOf } from './job-form.ts';

interface Refusal {
  /** The field of the request that is wrong, where the server knows. */
  readonly field: string | undefined;
  readonly message: string;
}

/** Takes what a job is to be, and shows what the server says against it where it belongs. */
export function StartDialog({
  former,
  onClose,
}: {
  /** A job that is to be run once more, with changes. */
  readonly former?: FormerJob;
  readonly onClose: () => void;
}) {
  const { client } = useConnection();
  const [, goTo] = useLocation();
  const [form, setForm] = useState(() => (former === undefined ? EMPTY_FORM : formOf(former)));
  const [requestId] = useState(newRequestId);
  const [refusal, setRefusal] = useState<Refusal>();
  const [isSending, setSending] = useState(false);
  const change = (changes: Partial<JobForm>): void => setForm((before) => ({ ...before, ...changes }));

  const start = async (): Promise<void> => {
    setSending(true);
    setRefusal(undefined);
    const request = requestOf(form, requestId);
    try {
      const { id } =
        former === undefined
          ? (await client.execute(StartNewJobDocument, { input: request })).startJob
          : (await client.execute(RunAgainDocument, { jobId: former.id, changes: request })).rerunJob;
      onClose();
      goTo(`/jobs/${id}`);
    } catch (error) {
      setRefusal(refusalOf(error));
      setSending(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void start();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void start();
  };
  const errorOf = (...fields: readonly string[]): string | undefined =>
    refusal?.field !== undefined && fields.some((field) => isAt(refusal.field, field))
      ? refusal.message
      : undefined;
  const isElsewhere =
    refusal !== undefined && errorOf('command', 'script', 'cwd', 'env', 'timeoutMs', 'labels') === undefined;

  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>
            {former === undefined ? 'New job' : `Run job ${former.id} again, with changes`}
          </Dialog.Title>
          <form onSubmit={onSubmit} onKeyDown={onKeyDown} className="form" noValidate>
            <ToggleGroup
              className="toggles"
              aria-label="What to run"
              value={[form.kind]}
              onValueChange={([kind]) => change({ kind: kind === 'script' ? 'script' : 'command' })}
            >
              <Toggle value="command">Command</Toggle>
              <Toggle value="script">Script</Toggle>
            </ToggleGroup>
            {form.kind === 'command' ? (
              <Field
                name="Command"
                hint={<ArgvHint text={form.command} />}
                error={errorOf('command', 'script')}
              >
                {(props) => (
                  <input
                    {...props}
                    autoFocus
                    className="mono"
                    placeholder="make test"
                    autoComplete="off"
                    spellCheck={false}
                    value={form.command}
                    onChange={({ target }) => change({ command: target.value })}
                  />
                )}
              </Field>
            ) : (
              <Field
                name="Script"
                hint="Run by sh -c. Ctrl and Enter start it."
                error={errorOf('command', 'script')}
              >
                {(props) => (
                  <textarea
                    {...props}
                    autoFocus
                    className="mono"
                    rows={6}
                    spellCheck={false}
                    placeholder={'for i in 1 2 3; do\n  echo line $i\ndone'}
                    value={form.script}
                    onChange={({ target }) => change({ script: target.value })}
                  />
                )}
              </Field>
            )}
            <Field
              name="Working directory"
              hint="Absolute. Empty: the home directory."
              error={errorOf('cwd')}
            >
              {(props) => (
                <input
                  {...props}
                  className="mono"
                  spellCheck={false}
                  value={form.cwd}
                  onChange={({ target }) => change({ cwd: target.value })}
                />
              )}
            </Field>
            <Field name="Environment" hint="NAME=value, one a line." error={errorOf('env')}>
              {(props) => (
                <textarea
                  {...props}
                  className="mono"
                  rows={2}
                  spellCheck={false}
                  value={form.env}
                  onChange={({ target }) => change({ env: target.value })}
                />
              )}
            </Field>
            <div className="field-pair">
              <Field name="Timeout in seconds" hint="Empty: none." error={errorOf('timeoutMs')}>
                {(props) => (
                  <input
                    {...props}
                    inputMode="decimal"
                    value={form.timeoutSeconds}
                    onChange={({ target }) => change({ timeoutSeconds: target.value })}
                  />
                )}
              </Field>
              <Field name="Labels" hint="With commas between." error={errorOf('labels')}>
                {(props) => (
                  <input
                    {...props}
                    value={form.labels}
                    onChange={({ target }) => change({ labels: target.value })}
                  />
                )}
              </Field>
            </div>
            {isElsewhere && (
              <p role="alert" className="field-error">
                {refusal.message}
              </p>
            )}
            <div className="dialog-buttons">
              <Dialog.Close className="button">Close</Dialog.Close>
              <button type="submit" className="button main" disabled={isSending}>
                Start
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ArgvHint({ text }: { readonly text: string }) {
  const words = wordsOf(text);
  if (words.length < 2) return 'A program and its arguments, without a shell.';
  return (
    <span className="argv">
      {words.map((word, place) => (
        <code key={place}>{word}</code>
      ))}
    </span>
  );
}

interface FieldProps {
  readonly id: string;
  readonly 'aria-describedby': string;
  readonly 'aria-invalid': boolean;
}

function Field({
  name,
  hint,
  error,
  children,
}: {
  readonly name: string;
  readonly hint: ReactNode;
  readonly error: string | undefined;
  readonly children: (props: FieldProps) => ReactNode;
}) {
  const id = `field-${name.toLowerCase().replaceAll(' ', '-')}`;
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      {children({ id, 'aria-describedby': `${id}-note`, 'aria-invalid': error !== undefined })}
      <div id={`${id}-note`} className={error === undefined ? 'hint' : 'field-error'}>
        {error === undefined ? hint : <span role="alert">{error}</span>}
      </div>
    </div>
  );
}

/** Fields are named with their place: `input.env.0.name`, or `env`. */
function isAt(field: string | undefined, name: string): boolean {
  return field?.split(/[.[]/).includes(name) === true;
}

function refusalOf(error: unknown): Refusal {
  if (!(error instanceof LifelineRequestError)) {
    return { field: undefined, message: 'The server did not answer. Try again: nothing starts twice.' };
  }
  const field = error.field ?? (error.code === 'COMMAND_NOT_FOUND' ? 'command' : undefined);
  return { field, message: error.message };
}
