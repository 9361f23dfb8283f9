import { ListServicesDocument, type ServiceRowFragment } from '../../client/generated/graphql.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../../domain/duration.ts';
import { EXIT } from '../exit-codes.ts';
import { harmlessLine } from '../harmless-text.ts';
import { styled, styledState } from '../style.ts';
import { table, type Cell } from '../table.ts';

export interface ServicesOptions {
  readonly label: readonly string[];
  /** The names alone, one a line, for completion. */
  readonly names?: boolean;
}

/** `lifeline services`: what is defined, and how it stands. */
export async function services(context: CommandContext, { label, names }: ServicesOptions): Promise<number> {
  const where = label.length > 0 ? { labels: label } : null;
  const found = await context.connect().execute(ListServicesDocument, { where });
  const { output } = context;
  if (context.wantsJson) await context.printJson(found.services);
  else if (names === true) await output.write(found.services.map(({ name }) => `${name}\n`).join(''));
  else
    await output.write(
      table(
        output,
        HEADINGS,
        found.services.map((row) => rowOf(context, row)),
      ),
    );
  return EXIT.OK;
}

const HEADINGS = ['NAME', 'STATE', 'SINCE', 'JOB', 'FAILURES', 'NEXT', 'WHY'];

function rowOf({ output }: CommandContext, service: ServiceRowFragment): Cell[] {
  const { name, state, since, currentJob, failures, why } = service;
  return [
    { text: name },
    { text: state, style: () => styledState(output, state) },
    { text: formatDuration(Date.now() - Date.parse(since)), style: (text) => styled(output, 'dim', text) },
    { text: currentJob?.id ?? '-' },
    { text: String(failures) },
    { text: nextText(service) },
    { text: why === null ? '-' : harmlessLine(why) },
  ];
}

/** When it is tried again, or runs by its schedule. */
function nextText({ retryAt, state, definition }: ServiceRowFragment): string {
  const next = retryAt ?? (state === 'SCHEDULED' ? definition.schedule?.nextRuns[0] : undefined);
  return next === undefined ? '-' : `in ${formatDuration(Date.parse(next) - Date.now())}`;
}
