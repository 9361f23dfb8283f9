import { Toggle } from '@base-ui/react/toggle';
import { ToggleGroup } from '@base-ui/react/toggle-group';
import { useRef, useState } from 'react';
import { useLocation } from 'wouter';
import type { JobRowFragment } from '../generated/graphql.ts';
import { useKeys } from '../ui/keys.ts';
import { Notice, StaleNotice } from '../ui/notice.tsx';
import { useTitle } from '../ui/use-title.ts';
import { JobTable } from './job-table.tsx';
import { jobFilterOf, STATUS_GROUPS, useJobFilters } from './job-filters.ts';
import { useJobs } from './use-jobs.ts';

export function JobsPage() {
  useTitle('Jobs');
  const [filters, change] = useJobFilters();
  const { state: jobs, isConnected, refusal, showOlder } = useJobs(jobFilterOf(filters));
  const [chosen, setChosen] = useState<string>();
  const [, goTo] = useLocation();
  const find = useRef<HTMLInputElement>(null);
  const step = (by: number): void => {
    const ids = (jobs ?? []).map(({ id }) => id);
    const place = chosen === undefined ? -1 : ids.indexOf(chosen);
    const next = ids[Math.min(ids.length - 1, Math.max(0, place + by))];
    if (next === undefined) return;
    setChosen(next);
    document.getElementById(`job-${next}`)?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({
    '/': () => find.current?.focus(),
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      if (chosen === undefined || document.activeElement !== document.body) return false;
      goTo(`/jobs/${chosen}`);
      return true;
    },
  });
  return (
    <div className="page">
      <div className="page-head">
        <h1>Jobs</h1>
        <ToggleGroup
          className="toggles"
          aria-label="Status"
          value={[filters.group]}
          onValueChange={([group]) => change({ group: group ?? 'All' })}
        >
          {STATUS_GROUPS.map(({ name }) => (
            <Toggle key={name} value={name}>
              {name}
            </Toggle>
          ))}
        </ToggleGroup>
        <span className="spread" />
        {filters.label !== '' && (
          <button type="button" className="chip" onClick={() => change({ label: '' })}>
            {filters.label} <span aria-hidden="true">×</span>
            <span className="hidden-text">Remove this label</span>
          </button>
        )}
        <input
          ref={find}
          type="search"
          className="find"
          placeholder="Find in commands"
          aria-label="Find in commands"
          defaultValue={filters.text}
          onChange={({ target }) => change({ text: target.value })}
          onKeyDown={({ key }) => key === 'Escape' && find.current?.blur()}
        />
      </div>
      {!isConnected && <StaleNotice />}
      {refusal !== undefined && <Notice tone="bad">{refusal.message}</Notice>}
      <Jobs
        jobs={jobs}
        chosen={chosen}
        isFiltered={jobFilterOf(filters) !== null}
        onLabel={(label) => change({ label })}
      />
      {showOlder !== undefined && (
        <button type="button" className="button older" onClick={showOlder}>
          Show older
        </button>
      )}
    </div>
  );
}

function Jobs({
  jobs,
  chosen,
  isFiltered,
  onLabel,
}: {
  readonly jobs: readonly JobRowFragment[] | undefined;
  readonly chosen: string | undefined;
  readonly isFiltered: boolean;
  readonly onLabel: (label: string) => void;
}) {
  if (jobs === undefined) return <p className="empty">Loading…</p>;
  if (jobs.length > 0) return <JobTable jobs={jobs} chosen={chosen} onLabel={onLabel} />;
  return isFiltered ? (
    <p className="empty">No job matches.</p>
  ) : (
    <p className="empty">
      Nothing has run here yet. Start a job with <kbd>n</kbd>, or from a terminal:{' '}
      <code>lifeline run -- make test</code>
    </p>
  );
}
