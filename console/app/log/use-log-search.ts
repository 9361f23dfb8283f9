import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { useConnection } from '../connection/connection-context.tsx';
import type { LogStream } from '../generated/graphql.ts';
import { type FinderView, LogFinder, type Sought } from './log-finder.ts';

export interface LogSearch {
  /** Undefined where nothing is looked for. */
  readonly sought: Sought | undefined;
  readonly finder: LogFinder | undefined;
  readonly view: FinderView | undefined;
  readonly setSought: (sought: Sought | undefined) => void;
}

/** The search that the URL has, and what is known of it. @param streams the same object as long as they are the same */
export function useLogSearch(jobId: string, streams: readonly LogStream[] | null): LogSearch {
  const { client } = useConnection();
  const [sought, setState] = useState(() => soughtIn(location.search));
  const [finder, setFinder] = useState<LogFinder>();
  useEffect(() => {
    if (sought === undefined) return;
    const made = new LogFinder(client, jobId, streams, sought);
    setFinder(made);
    return () => {
      made.dispose();
      setFinder(undefined);
    };
  }, [client, jobId, streams, sought]);
  const subscribe = useCallback(
    (listener: () => void) => finder?.subscribe(listener) ?? (() => undefined),
    [finder],
  );
  const view = useSyncExternalStore(subscribe, () => finder?.view());
  const setSought = useCallback((next: Sought | undefined) => {
    // In place: each pattern that was typed would be a step back otherwise.
    history.replaceState(history.state, '', location.pathname + queryOf(next) + location.hash);
    setState(next);
  }, []);
  return { sought, finder, view, setSought };
}

/** Reads `?find=` and `?regex=`. */
function soughtIn(query: string): Sought | undefined {
  const search = new URLSearchParams(query);
  const regex = search.get('regex');
  const pattern = regex ?? search.get('find') ?? '';
  return pattern === '' ? undefined : { pattern, isRegex: regex !== null };
}

function queryOf(sought: Sought | undefined): string {
  const search = new URLSearchParams(location.search);
  search.delete('find');
  search.delete('regex');
  if (sought !== undefined) search.set(sought.isRegex ? 'regex' : 'find', sought.pattern);
  const query = search.toString();
  return query === '' ? '' : `?${query}`;
}
