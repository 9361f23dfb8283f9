import { useEffect, useState } from 'react';
import type { TypedDocument } from '../../../src/client/client.ts';
import { useConnection } from '../connection/connection-context.tsx';

const NO_VARIABLES = {};

/** The answer to a query, asked anew so many milliseconds after the last answer, while the page is there. */
export function usePolled<TResult>(
  document: TypedDocument<TResult, Record<string, never>>,
  everyMs: number,
): { readonly answer: TResult | undefined; readonly failure: string | undefined } {
  const { client } = useConnection();
  const [polled, setPolled] = useState<{ answer?: TResult; failure?: string }>({});
  useEffect(() => {
    const left = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      try {
        setPolled({ answer: await client.execute(document, NO_VARIABLES, { signal: left.signal }) });
      } catch (error) {
        if (left.signal.aborted) return;
        const failure = error instanceof Error ? error.message : 'There was no answer.';
        setPolled((before) => ({ ...before, failure }));
      }
      timer = setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => {
      left.abort();
      clearTimeout(timer);
    };
  }, [client, document, everyMs]);
  return { answer: polled.answer, failure: polled.failure };
}
