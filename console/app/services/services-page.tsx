import { useState } from 'react';
import { Link } from 'wouter';
import { useConnection, useMay } from '../connection/connection-context.tsx';
import { useLive } from '../connection/use-live.ts';
import {
  LowerServiceDocument,
  RaiseServiceDocument,
  RenewServiceDocument,
  type ServiceEntryFragment,
  WatchServicesDocument,
  type WatchServicesSubscription,
} from '../generated/graphql.ts';
import { momentText, plural, runsText, spanText } from '../ui/format.ts';
import { Notice, StaleNotice } from '../ui/notice.tsx';
import { inWords, Pill, toneOf, toneOfService } from '../ui/status.tsx';
import { Ago, useNow } from '../ui/time.tsx';
import { useTitle } from '../ui/use-title.ts';
import { Dependencies } from './dependencies.tsx';
import { RunTimeline } from './run-timeline.tsx';

type Services = ReadonlyMap<string, ServiceEntryFragment>;
const NO_VARIABLES = {};

export function ServicesPage() {
  useTitle('Services');
  const { state, isConnected, refusal } = useLive(WatchServicesDocument, NO_VARIABLES, reduceServices);
  const services =
    state === undefined ? [] : [...state.values()].sort((one, other) => one.name.localeCompare(other.name));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Services</h1>
      </div>
      {!isConnected && <StaleNotice />}
      {refusal !== undefined && <Notice tone="bad">{refusal.message}</Notice>}
      {state === undefined && refusal === undefined && <p className="empty">Loading…</p>}
      {state !== undefined && services.length === 0 && (
        <p className="empty">
          No service is defined. Write a <code>lifeline.yaml</code>, then: <code>lifeline apply</code>
        </p>
      )}
      <Dependencies services={services} />
      <RunTimeline services={services} />
      <ul className="services">
        {services.map((service) => (
          <li key={service.name}>
            <ServiceCard service={service} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function reduceServices(
  before: Services | undefined,
  { servicesChanged }: WatchServicesSubscription,
): Services {
  const { kind, names, services } = servicesChanged;
  const next = new Map(kind === 'SNAPSHOT' ? [] : before);
  if (kind === 'REMOVED') for (const name of names) next.delete(name);
  for (const service of services) next.set(service.name, service);
  return next;
}

function ServiceCard({ service }: { readonly service: ServiceEntryFragment }) {
  const { name, state, why, since, silentSince, currentJob, definition } = service;
  return (
    <article className="service" id={`service-${name}`} aria-label={name}>
      <div className="service-head">
        <h2>{name}</h2>
        <Pill tone={toneOfService(state)} text={inWords(state)} />
        <span className="soft">
          <Ago instant={since} />
        </span>
        <span className="spread" />
        <ServiceActions service={service} />
      </div>
      {definition.description !== null && <p>{definition.description}</p>}
      <code className="one-line soft">{runsText(definition)}</code>
      {why !== null && (
        <p className={state === 'GAVE_UP' || state === 'FAILED' ? 'field-error' : 'soft'}>{why}</p>
      )}
      {silentSince !== null && (
        <p className="field-error">
          Silent since <Ago instant={silentSince} />.
        </p>
      )}
      <div className="service-facts">
        <NextRun service={service} />
        {currentJob !== null && <Link href={`/jobs/${currentJob.id}`}>Job {currentJob.id}</Link>}
        {service.failures > 0 && <span>{plural(service.failures, 'failure')} in a row</span>}
        {definition.after.length > 0 && (
          <span>
            after{' '}
            {definition.after.map(({ service: other, condition }, place) => (
              <span key={other}>
                {place > 0 && ', '}
                <strong>{other}</strong> ({inWords(condition).toLowerCase()})
              </span>
            ))}
          </span>
        )}
        {definition.labels.map((label) => (
          <Link key={label} className="chip small" href={`/?label=${encodeURIComponent(label)}`}>
            {label}
          </Link>
        ))}
      </div>
      <RunStrip service={service} />
    </article>
  );
}

function NextRun({ service: { definition, retryAt } }: { readonly service: ServiceEntryFragment }) {
  const next = retryAt ?? definition.schedule?.nextRuns[0];
  const nowMs = useNow(next != null);
  if (next == null) return null;
  const { cron, everyMs, timeZone } = definition.schedule ?? {};
  return (
    <span>
      next {retryAt === null ? 'run' : 'try'} in{' '}
      <time dateTime={next} title={momentText(next)}>
        {spanText(Math.max(0, Math.ceil((Date.parse(next) - nowMs) / 1000) * 1000)).replace('.0', '')}
      </time>
      {cron != null && (
        <>
          {' '}
          <code>{cron}</code> {timeZone}
        </>
      )}
      {everyMs != null && `, every ${spanText(everyMs).replace('.0', '')}`}
    </span>
  );
}

/** The last runs, oldest first: what each came to, and how long it took. */
function RunStrip({ service: { name, jobs } }: { readonly service: ServiceEntryFragment }) {
  if (jobs.edges.length === 0) return null;
  return (
    <ol className="run-strip" aria-label={`Last runs of ${name}`}>
      {jobs.edges.toReversed().map(({ node: { id, status, durationMs } }) => (
        <li key={id}>
          <Link
            href={`/jobs/${id}`}
            className={toneOf(status)}
            title={`Job ${id}: ${inWords(status)}${durationMs === null ? '' : `, ${spanText(durationMs)}`}`}
          >
            <span className="hidden-text">
              Job {id}: {inWords(status)}
            </span>
          </Link>
        </li>
      ))}
    </ol>
  );
}

function ServiceActions({ service: { name, desired } }: { readonly service: ServiceEntryFragment }) {
  const { client } = useConnection();
  const mayAct = useMay('RUN');
  const [failure, setFailure] = useState<string>();
  if (!mayAct) return null;
  const run = (
    document: typeof RaiseServiceDocument | typeof LowerServiceDocument | typeof RenewServiceDocument,
  ) => {
    setFailure(undefined);
    client.execute<unknown, { name: string }>(document, { name }).catch((error: unknown) => {
      setFailure(error instanceof Error ? error.message : 'It did not work.');
    });
  };
  return (
    <div className="actions">
      {failure !== undefined && (
        <span role="alert" className="field-error">
          {failure}
        </span>
      )}
      {desired === 'UP' ? (
        <>
          <button type="button" className="button small" onClick={() => run(RenewServiceDocument)}>
            Restart<span className="hidden-text"> {name}</span>
          </button>
          <button type="button" className="button small danger" onClick={() => run(LowerServiceDocument)}>
            Stop<span className="hidden-text"> {name}</span>
          </button>
        </>
      ) : (
        <button type="button" className="button small" onClick={() => run(RaiseServiceDocument)}>
          Start<span className="hidden-text"> {name}</span>
        </button>
      )}
    </div>
  );
}
