import { useEffect, useState } from 'react';
import type { TypedDocument } from '../../../src/client/client.ts';
import { followLive, type LiveSink } from './live.ts';
import { useConnection } from './connection-context.tsx';

export interface LiveState<TState> {
  /** Undefined before the first event. */
  readonly state: TState | undefined;
  readonly isConnected: boolean;
  readonly refusal: Error | undefined;
}

/**
 * The state that a subscription tells, kept current over reconnects while the component is there. `reduce` must be the
 * same function at each render; other variables begin anew.
 */
export function useLive<TResult, TVariables extends Record<string, unknown>, TState>(
  document: TypedDocument<TResult, TVariables>,
  variables: TVariables,
  reduce: (state: TState | undefined, event: TResult) => TState,
): LiveState<TState> {
  const { streams } = useConnection();
  const [live, setLive] = useState<LiveState<TState>>({
    state: undefined,
    isConnected: true,
    refusal: undefined,
  });
  const wanted = JSON.stringify(variables);
  useEffect(() => {
    const left = new AbortController();
    setLive((before) => ({ ...before, refusal: undefined }));
    const sink: LiveSink<TResult> = {
      onEvent: (event) => setLive((before) => ({ ...before, state: reduce(before.state, event) })),
      onConnected: (isConnected) =>
        setLive((before) => (before.isConnected === isConnected ? before : { ...before, isConnected })),
      onRefused: (refusal) => setLive((before) => ({ ...before, refusal })),
    };
    void streams.use(left.signal, (signal, fetchWith) =>
      followLive(document, JSON.parse(wanted) as TVariables, { signal, fetchWith, sink }),
    );
    return () => left.abort();
  }, [streams, document, wanted, reduce]);
  return live;
}
