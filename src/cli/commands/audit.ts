import { ListAuditDocument, type AuditFilter, type ListAuditQuery } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { harmlessLine } from '../harmless-text.ts';
import { newestRows } from '../newest-rows.ts';
import { printNewest } from '../print-newest.ts';
import { styled } from '../style.ts';
import type { Cell } from '../table.ts';

export interface AuditOptions {
  readonly token?: string;
  readonly refused?: boolean;
  /** Milliseconds before now. */
  readonly since?: number;
  readonly limit: number;
}

type Entry = ListAuditQuery['auditLog']['edges'][number]['node'];

/** `lifeline audit`: who did what, newest first. */
export async function audit(context: CommandContext, options: AuditOptions): Promise<number> {
  const connection = context.connect();
  const where = filterOf(options);
  const newest = await newestRows<Entry>(
    async (first, after) => (await connection.execute(ListAuditDocument, { first, after, where })).auditLog,
    options.limit,
  );
  await printNewest(context, newest, {
    headings: HEADINGS,
    rowOf: (entry) => rowOf(context, entry),
    limit: options.limit,
  });
  return EXIT.OK;
}

const HEADINGS = ['AT', 'RESULT', 'ACTION', 'SUBJECT', 'FROM', 'WHO'];

function rowOf({ output }: CommandContext, entry: Entry): Cell[] {
  const { at, result, action, subject, address, who, count } = entry;
  return [
    { text: at, style: (text) => styled(output, 'dim', text) },
    {
      text: count === 1 ? result : `${result} x${count}`,
      style: (text) => (result === 'OK' ? text : styled(output, 'red', text)),
    },
    { text: harmlessLine(action) },
    { text: subject === null ? '-' : harmlessLine(subject) },
    { text: harmlessLine(address) },
    { text: harmlessLine(who) },
  ];
}

function filterOf({ token, refused = false, since }: AuditOptions): AuditFilter {
  return {
    ...(token !== undefined && { token }),
    ...(refused && { results: ['UNAUTHENTICATED', 'FORBIDDEN', 'LIMIT_EXCEEDED'] }),
    ...(since !== undefined && { since: new Date(Date.now() - since).toISOString() }),
  };
}
