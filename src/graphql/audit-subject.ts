import { parseJobId } from '../domain/job-id.ts';
import { isServiceName } from '../domain/service-name.ts';
import { isTokenName } from '../domain/token-name.ts';

/**
 * On what a mutation was done, from its arguments and its result, which is `undefined` where it failed. Arguments come from
 * anybody: only what can be an id or a name of ours is taken over.
 */
export type AuditSubject = (args: Readonly<Record<string, unknown>>, result: unknown) => string | null;

/** For `extensions` of a mutation. */
export type AuditExtension = Readonly<Record<'auditSubject', AuditSubject>>;

/** The job that `jobId` names, or that came of it: `job 7`, or `job 7, as job 9` for a rerun. */
export const onJob: AuditExtension = {
  auditSubject: ({ jobId }, result) => {
    const named = typeof jobId === 'string' ? parseJobId(jobId) : undefined;
    const made = hasId(result) ? result.id : undefined;
    if (named === undefined) return made === undefined ? null : `job ${String(made)}`;
    return made === undefined || made === named
      ? `job ${String(named)}`
      : `job ${String(named)}, as job ${String(made)}`;
  },
};

/** The token that `name` or `input.name` names. */
export const onToken: AuditExtension = {
  auditSubject: ({ name, input }) => {
    const given = name ?? (input as { readonly name?: unknown } | undefined)?.name;
    return typeof given === 'string' && isTokenName(given) ? `the token ${given}` : null;
  },
};

/** The service that `name` or `input.name` names, or the group that `where` does. */
export const onService: AuditExtension = {
  auditSubject: ({ name, input, where }) => {
    if (where !== undefined) return `services with ${JSON.stringify(where).slice(0, 500)}`;
    const given = name ?? (input as { readonly name?: unknown } | undefined)?.name;
    return typeof given === 'string' && isServiceName(given) ? `the service ${given}` : null;
  },
};

function hasId(result: unknown): result is { readonly id: number } {
  return typeof result === 'object' && result !== null && 'id' in result && typeof result.id === 'number';
}
