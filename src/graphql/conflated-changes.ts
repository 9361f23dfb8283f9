import type { JobChangeSubscription } from '../supervisor/job-change-bus.ts';
import { PayloadSource } from './payload-source.ts';

/** How what has changed becomes payloads. */
export interface ChangePayloads<Payload> {
  /** Everything that is of interest, as it is now. */
  readonly snapshot: () => readonly Payload[] | Promise<readonly Payload[]>;
  /** What has become of these. */
  readonly look: (ids: ReadonlySet<number>) => readonly Payload[] | Promise<readonly Payload[]>;
}

/**
 * What changes, conflated to the latest state: a slow reader gets fewer events, never old ones. Owns the subscription, which is
 * attached already; released by the signal. It has no end of its own.
 */
export function conflatedChanges<Payload>(
  signal: AbortSignal,
  changes: JobChangeSubscription,
  { snapshot, look }: ChangePayloads<Payload>,
): PayloadSource<Payload> {
  const ready: Payload[] = [];
  return new PayloadSource<Payload>({
    signal,
    release: () => void changes.return(),
    pull: async () => {
      for (;;) {
        const value = ready.shift();
        if (value !== undefined) return { done: false, value };
        const news = await changes.next();
        if (news.done === true) return { done: true, value: undefined };
        ready.push(...(news.value === 'ANY' ? await snapshot() : await look(news.value)));
      }
    },
  });
}
