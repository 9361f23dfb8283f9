import { useLocation, useSearch } from 'wouter';
import type { JobFilter, JobStatus } from '../generated/graphql.ts';

/** Groups of statuses by which people look for jobs. */
export const STATUS_GROUPS: readonly { readonly name: string; readonly statuses: readonly JobStatus[] }[] = [
  { name: 'All', statuses: [] },
  { name: 'Active', statuses: ['QUEUED', 'STARTING', 'RUNNING', 'CANCELLING'] },
  { name: 'Failed', statuses: ['FAILED', 'TIMED_OUT', 'LOST'] },
  { name: 'Succeeded', statuses: ['SUCCEEDED'] },
  { name: 'Cancelled', statuses: ['CANCELLED'] },
];

export interface JobFilters {
  /** Name of a group. */
  readonly group: string;
  readonly text: string;
  readonly label: string;
}

/** The filters of the list of jobs; the URL has them, so that it can be kept and sent. */
export function useJobFilters(): readonly [JobFilters, (changes: Partial<JobFilters>) => void] {
  const search = new URLSearchParams(useSearch());
  const [path, goTo] = useLocation();
  const filters: JobFilters = {
    group: STATUS_GROUPS.find(({ name }) => name.toLowerCase() === search.get('show'))?.name ?? 'All',
    text: search.get('q') ?? '',
    label: search.get('label') ?? '',
  };
  const change = (changes: Partial<JobFilters>): void => {
    const { group, text, label } = { ...filters, ...changes };
    const next = new URLSearchParams();
    if (group !== 'All') next.set('show', group.toLowerCase());
    if (text !== '') next.set('q', text);
    if (label !== '') next.set('label', label);
    const query = next.toString();
    goTo(query === '' ? path : `${path}?${query}`, { replace: true });
  };
  return [filters, change];
}

/** As the server takes it; null for all jobs. */
export function jobFilterOf({ group, text, label }: JobFilters): JobFilter | null {
  const statuses = STATUS_GROUPS.find(({ name }) => name === group)?.statuses ?? [];
  if (statuses.length === 0 && text === '' && label === '') return null;
  return {
    ...(statuses.length > 0 && { statuses }),
    ...(text !== '' && { commandContains: text }),
    ...(label !== '' && { labels: [label] }),
  };
}
