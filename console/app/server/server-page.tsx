import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useMay } from '../connection/connection-context.tsx';
import {
  AuditNowDocument,
  ServerNowDocument,
  type ServerNowQuery,
  TokensNowDocument,
} from '../generated/graphql.ts';
import { bytesText, momentText, numberText, plural, spanText } from '../ui/format.ts';
import { Notice } from '../ui/notice.tsx';
import { inWords, Pill } from '../ui/status.tsx';
import { Ago } from '../ui/time.tsx';
import { useTitle } from '../ui/use-title.ts';
import { usePolled } from './use-polled.ts';

type Server = ServerNowQuery['server'];

export function ServerPage() {
  useTitle('Server');
  const { answer, failure } = usePolled(ServerNowDocument, 2_000);
  const mayAdminister = useMay('ADMIN');
  return (
    <div className="page">
      <div className="page-head">
        <h1>Server</h1>
        {answer !== undefined && (
          <span className="soft">
            {answer.server.version}, up for {spanText(answer.server.uptimeMs)}
          </span>
        )}
      </div>
      {failure !== undefined && <Notice tone="warn">{failure}</Notice>}
      {answer !== undefined && <ServerFigures server={answer.server} />}
      {answer?.server.lastReconciliation != null && <Found found={answer.server.lastReconciliation} />}
      {mayAdminister && (
        <>
          <Tokens />
          <Audit />
        </>
      )}
    </div>
  );
}

function ServerFigures({ server }: { readonly server: Server }) {
  const { disk, eventLoopDelay, limits, retention } = server;
  return (
    <dl className="figures">
      <Figure name="Active jobs" note={`of ${numberText(limits.maxRunning)} at once`}>
        {numberText(server.activeJobs)}
      </Figure>
      <Figure name="Waiting jobs">{numberText(server.queuedJobs)}</Figure>
      <Figure name="Open channels" note={plural(server.subscribers, 'subscriber')}>
        {numberText(server.openChannels)}
      </Figure>
      <Figure name="Open streams" note={`of ${numberText(limits.maxStreams)}`}>
        {numberText(server.openStreams)}
      </Figure>
      <Figure
        name="Event loop, late by"
        note={`at the median, 99 % under ${eventLoopDelay.p99Ms.toFixed(1)} ms, most ${eventLoopDelay.maxMs.toFixed(1)} ms`}
      >
        {eventLoopDelay.p50Ms.toFixed(1)} ms
      </Figure>
      <Figure
        name="Free disk"
        note={`of ${bytesText(disk.totalBytes)}${disk.isLow ? ': too little, no job begins' : ''}`}
      >
        {bytesText(disk.freeBytes)}
      </Figure>
      <Figure
        name="Kept jobs"
        note={`${bytesText(retention.kept.bytes)}; ${plural(retention.removedJobs, 'job')} removed since the start`}
      >
        {numberText(retention.kept.jobs)}
      </Figure>
      <Figure name="Process trees" note={inWords(server.containmentMeans)}>
        {inWords(server.containment)}
      </Figure>
    </dl>
  );
}

function Figure({
  name,
  note,
  children,
}: {
  readonly name: string;
  readonly note?: string;
  readonly children: ReactNode;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
      {note !== undefined && <dd className="soft note">{note}</dd>}
    </div>
  );
}

function Found({ found }: { readonly found: NonNullable<Server['lastReconciliation']> }) {
  const counts = (
    ['adopted', 'finished', 'lost', 'failed', 'requeued', 'imported', 'ignored'] as const
  ).filter((name) => found[name] > 0);
  return (
    <section className="block">
      <h2>What the last start found</h2>
      <p className="soft">
        <Ago instant={found.at} />:{' '}
        {counts.length === 0
          ? 'nothing was left of an earlier life.'
          : counts.map((name) => `${numberText(found[name])} ${name}`).join(', ')}
      </p>
      {found.jobs.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Job</th>
              <th scope="col">Verdict</th>
              <th scope="col">Evidence</th>
            </tr>
          </thead>
          <tbody>
            {found.jobs.map(({ jobId, verdict, evidence }) => (
              <tr key={jobId}>
                <td>
                  <Link href={`/jobs/${jobId}`}>#{jobId}</Link>
                </td>
                <td>
                  <Pill
                    tone={verdict === 'LOST' || verdict === 'FAILED' ? 'bad' : 'good'}
                    text={inWords(verdict)}
                  />
                </td>
                <td className="cell-main">{evidence}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Tokens() {
  const { answer, failure } = usePolled(TokensNowDocument, 10_000);
  return (
    <section className="block">
      <h2>Tokens</h2>
      {failure !== undefined && <Notice tone="warn">{failure}</Notice>}
      {answer?.tokens.length === 0 && <p className="soft">None beside the server’s own.</p>}
      {answer !== undefined && answer.tokens.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Scope</th>
              <th scope="col">Made</th>
              <th scope="col">Last used</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {answer.tokens.map(({ name, scope, createdAt, createdBy, lastUsedAt, revokedAt, expiresAt }) => (
              <tr key={name}>
                <td>{name}</td>
                <td>{inWords(scope)}</td>
                <td>
                  {momentText(createdAt).slice(0, 16)} by {createdBy}
                </td>
                <td>{lastUsedAt === null ? 'never' : <Ago instant={lastUsedAt} />}</td>
                <td>
                  {revokedAt !== null
                    ? 'Revoked'
                    : expiresAt !== null
                      ? `Until ${momentText(expiresAt).slice(0, 16)}`
                      : 'Valid'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Audit() {
  const { answer, failure } = usePolled(AuditNowDocument, 5_000);
  return (
    <section className="block">
      <h2>Audit, the last fifty</h2>
      {failure !== undefined && <Notice tone="warn">{failure}</Notice>}
      {answer !== undefined && (
        <table className="list">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
              <th scope="col">Result</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {answer.auditLog.edges.map(
              ({ node: { id, at, who, action, subject, result, address, count } }) => (
                <tr key={id}>
                  <td className="figure">{momentText(at).slice(0, 19)}</td>
                  <td>{who}</td>
                  <td>
                    <code>{action}</code> {subject}
                  </td>
                  <td className={result === 'OK' ? 'soft' : 'field-error'}>
                    {result}
                    {count > 1 && ` × ${numberText(count)}`}
                  </td>
                  <td className="soft">{address}</td>
                </tr>
              ),
            )}
          </tbody>
        </table>
      )}
    </section>
  );
}
