import type { KeptJobs, RetentionRules } from '../../domain/retention.ts';
import { builder } from '../builder.ts';
import type { RetentionState } from '../services.ts';

export const RetentionRulesRef = builder.objectRef<RetentionRules>('RetentionRules').implement({
  authScopes: { read: true },
  description: 'How long finished jobs are kept: what is over any of the bounds goes, oldest end first.',
  fields: (t) => ({
    maxAgeMs: t.expose('maxAgeMs', {
      type: 'SafeInt',
      nullable: true,
      description: 'Milliseconds since the end of a job. Null: no bound.',
    }),
    maxJobs: t.exposeInt('maxJobs', { nullable: true, description: 'So many, the newest. Null: no bound.' }),
    maxBytes: t.expose('maxBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'Bytes that they take on the disk. Null: no bound.',
    }),
  }),
});

export const RetentionInput = builder.inputType('RetentionInput', {
  description: 'How long the finished jobs of a service are kept.',
  fields: (t) => ({
    maxAgeMs: t.field({
      type: 'SafeInt',
      description: 'Milliseconds since the end of a job, instead of the server’s. Default: as the server.',
    }),
    maxJobs: t.int({ description: 'So many, the newest. Default: no bound of its own.' }),
    maxBytes: t.field({
      type: 'SafeInt',
      description: 'Bytes that they may take on the disk. Default: no bound of its own.',
    }),
  }),
});

export function retentionOf(input: typeof RetentionInput.$inferInput): RetentionRules {
  const { maxAgeMs, maxJobs, maxBytes } = input;
  return { maxAgeMs: maxAgeMs ?? null, maxJobs: maxJobs ?? null, maxBytes: maxBytes ?? null };
}

const KeptJobsRef = builder.objectRef<KeptJobs>('KeptJobs').implement({
  authScopes: { read: true },
  description: 'Finished jobs, and what they take.',
  fields: (t) => ({
    jobs: t.exposeInt('jobs', { description: 'How many.' }),
    bytes: t.expose('bytes', { type: 'SafeInt', description: 'Bytes on the disk.' }),
  }),
});

export const RetentionRef = builder.objectRef<RetentionState>('Retention').implement({
  authScopes: { read: true },
  description: 'What is kept of finished jobs, and what was removed.',
  fields: (t) => ({
    rules: t.field({
      type: RetentionRulesRef,
      description: 'The bounds of the server. Services may have others.',
      resolve: ({ rules }) => rules,
    }),
    removedJobs: t.int({
      description: 'Jobs that were removed since the start of the server; by hand not counted.',
      resolve: ({ figures }) => figures.removedJobs,
    }),
    removedBytes: t.field({
      type: 'SafeInt',
      description: 'Bytes on the disk that they took.',
      resolve: ({ figures }) => figures.removedBytes,
    }),
    lastRunAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last seen to that the bounds hold; null before.',
      resolve: ({ figures }) => (figures.lastRunAtMs === null ? null : new Date(figures.lastRunAtMs)),
    }),
    kept: t.field({
      type: KeptJobsRef,
      description: 'What was there then, without what is pinned.',
      resolve: ({ figures }) => figures.kept,
    }),
    pinned: t.field({
      type: KeptJobsRef,
      description: 'What was pinned then: no bound counts it.',
      resolve: ({ figures }) => figures.pinned,
    }),
    auditTrims: t.prismaField({
      authScopes: { admin: true },
      type: ['AuditTrim'],
      description: 'The removals of old entries of the audit log, newest first; 100 at most.',
      resolve: (query, _parent, _args, { services }) =>
        services.read.auditTrim.findMany({ ...query, orderBy: { id: 'desc' }, take: 100 }),
    }),
  }),
});
