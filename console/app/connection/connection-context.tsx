import { createContext, type ReactNode, use, useEffect, useMemo, useState } from 'react';
import { createLifelineClient, type LifelineClient } from '../../../src/client/client.ts';
import type { Scope } from '../generated/graphql.ts';
import { WhoAmIDocument } from '../generated/graphql.ts';
import type { EventStreams } from './event-streams.ts';
import { ownFetch } from './own-fetch.ts';

export interface Connection {
  readonly client: LifelineClient;
  readonly streams: EventStreams;
  /** Undefined until the server has said it. */
  readonly scope: Scope | undefined;
  readonly viewer: string | undefined;
}

const LADDER: readonly Scope[] = ['READ', 'RUN', 'EXEC', 'ADMIN'];
const ConnectionContext = createContext<Connection | undefined>(undefined);

/** Gives the pages the client of the server that they came from, and what its visitor may do. */
export function ConnectionProvider({
  streams,
  children,
}: {
  readonly streams: EventStreams;
  readonly children: ReactNode;
}) {
  const [viewer, setViewer] = useState<{ readonly name: string; readonly scope: Scope }>();
  const client = useMemo(() => createLifelineClient({ url: location.origin, fetch: ownFetch }), []);
  useEffect(() => {
    const left = new AbortController();
    client
      .execute(WhoAmIDocument, {}, { signal: left.signal })
      .then((answer) => setViewer(answer.viewer))
      // Without an answer nothing is offered; the lists say that the server is away.
      .catch(() => undefined);
    return () => left.abort();
  }, [client]);
  const connection = useMemo(
    () => ({ client, streams, scope: viewer?.scope, viewer: viewer?.name }),
    [client, streams, viewer],
  );
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

export function useConnection(): Connection {
  const connection = use(ConnectionContext);
  if (connection === undefined) throw new Error('there is no ConnectionProvider around this');
  return connection;
}

/** Whether the visitor may do what needs this scope. */
export function useMay(scope: Scope): boolean {
  const { scope: own } = useConnection();
  return own !== undefined && LADDER.indexOf(own) >= LADDER.indexOf(scope);
}
