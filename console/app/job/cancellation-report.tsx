import type { JobDetailsFragment } from '../generated/graphql.ts';
import { plural, spanText } from '../ui/format.ts';
import { inWords } from '../ui/status.tsx';
import { useNow } from '../ui/time.tsx';

type Cancellation = NonNullable<JobDetailsFragment['cancellation']>;

/** The forced end as it happens: each process, what it was sent, and whether it is gone. */
export function CancellationReport({ cancellation }: { readonly cancellation: Cancellation }) {
  const { reason, requestedAt, requestedBy, gracePeriodMs, killedAt, finishedAt, processes } = cancellation;
  const nowMs = useNow(finishedAt === null);
  const survivors = processes.filter(({ goneAt }) => goneAt === null).length;
  const restMs = Date.parse(requestedAt) + gracePeriodMs - nowMs;
  return (
    <section aria-label="Cancellation">
      <h2>Cancellation</h2>
      <p className="soft">
        {inWords(reason)}
        {requestedBy !== null && `, by ${requestedBy}`}.{' '}
        {finishedAt !== null
          ? survivors === 0
            ? 'Nothing of the job is left.'
            : `${plural(survivors, 'process')} could not be ended.`
          : killedAt !== null
            ? 'What was left was killed.'
            : restMs > 0
              ? `It is killed in ${spanText(Math.ceil(restMs / 1000) * 1000).replace('.0', '')}.`
              : 'It is being killed.'}{' '}
        {cancellation.containment === 'CONTAINED'
          ? 'None can have been missed.'
          : 'One that hides can be missed.'}
      </p>
      <ul className="processes">
        {processes.map(({ pid, command, signals, goneAt }) => (
          <li key={pid}>
            <span className="figure">{pid}</span>
            <code className="one-line">{command}</code>
            <span className="signals">
              {signals.map((signal, place) => (
                <span key={place} className={`signal ${signal === 'SIGKILL' ? 'kill' : ''}`}>
                  {signal.replace(/^SIG/, '')}
                </span>
              ))}
              <span className={goneAt === null ? 'alive' : 'gone'}>{goneAt === null ? 'alive' : 'gone'}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
