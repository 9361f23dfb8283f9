import { lazy, Suspense } from 'react';
import type { DependencyCondition, ServiceEntryFragment } from '../generated/graphql.ts';

const DependencyGraph = lazy(() => import('./dependency-graph.tsx'));

const UNTIL: Readonly<Record<DependencyCondition, string>> = {
  READY: 'is ready',
  STARTED: 'runs',
  SUCCEEDED: 'has succeeded',
};

/** What waits for what: as a picture, and in words. Nothing where no service waits for another. */
export function Dependencies({ services }: { readonly services: readonly ServiceEntryFragment[] }) {
  const waiting = services.filter(({ definition }) => definition.after.length > 0);
  if (waiting.length === 0) return null;
  return (
    <section className="service service-panel" aria-labelledby="dependencies">
      <h2 id="dependencies">Dependencies</h2>
      <Suspense fallback={<p className="soft">Loading…</p>}>
        <DependencyGraph services={services} />
      </Suspense>
      <details>
        <summary>As a list</summary>
        <ul className="dependency-list">
          {waiting.map(({ name, definition }) => (
            <li key={name}>
              <strong>{name}</strong> starts when{' '}
              {definition.after
                .map(({ service, condition }) => `${service} ${UNTIL[condition]}`)
                .join(', and ')}
              .
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
