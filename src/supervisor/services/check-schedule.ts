import { InvalidInputError } from '../../domain/errors.ts';
import type { Schedule, ScheduleTime } from '../../domain/service-definition.ts';
import { ZonedCron } from './zoned-cron.ts';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 10 * 365 * 24 * 3_600_000;
const LAST_MS = 8_640_000_000_000_000;
/** Beyond it lies no sensible expression, and its parts grow with it. */
const LONGEST_EXPRESSION = 500;
/** From here on a time is looked for: which one it is does not matter for times that come again and again. */
const SOME_TIME_MS = Date.UTC(2000, 0, 1);

/**
 * Refuses a schedule that cannot be kept.
 * @param field where it stands in the input, such as `input.schedule`
 * @throws InvalidInputError
 */
export function checkSchedule({ time }: Schedule, field: string): void {
  switch (time.kind) {
    case 'CRON':
      return checkCron(time, field);
    case 'INTERVAL':
      return checkInterval(time, field);
    case 'ONCE':
      return checkMoment(time.atMs, `${field}.at`);
  }
}

function checkInterval({ everyMs, fromMs }: ScheduleTime & { kind: 'INTERVAL' }, field: string): void {
  if (!Number.isSafeInteger(everyMs) || everyMs < SHORTEST_MS || everyMs > LONGEST_MS) {
    throw new InvalidInputError(
      `everyMs must be a whole number of milliseconds from ${String(SHORTEST_MS)} to ${String(LONGEST_MS)} (ten years).`,
      `${field}.everyMs`,
    );
  }
  checkMoment(fromMs, `${field}.from`);
}

function checkMoment(ms: number, field: string): void {
  if (Number.isSafeInteger(ms) && Math.abs(ms) <= LAST_MS) return;
  throw new InvalidInputError('That is no moment in time that can be written as a date.', field);
}

function checkCron({ expression, timeZone }: ScheduleTime & { kind: 'CRON' }, field: string): void {
  checkTimeZone(timeZone, `${field}.timeZone`);
  const refuse = (problem: string, cause?: unknown): never => {
    const shown = JSON.stringify(expression.slice(0, 100));
    throw new InvalidInputError(`The cron expression ${shown} ${problem}.`, `${field}.cron`, { cause });
  };
  if (expression.length > LONGEST_EXPRESSION)
    refuse(`is longer than ${String(LONGEST_EXPRESSION)} characters`);
  const cron = readCron(expression, timeZone, refuse);
  if (cron.isMoment) refuse('is a moment: give it as a schedule that runs once');
  if (cron.next(SOME_TIME_MS) === null) refuse('stands for times that never come');
}

function checkTimeZone(timeZone: string, field: string): void {
  // An offset such as +02:00 is taken by newer versions of Node alone, and knows nothing of daylight saving.
  if (/^[A-Za-z]/.test(timeZone)) {
    try {
      new Intl.DateTimeFormat('en-US', { timeZone });
      return;
    } catch {
      // It is refused below.
    }
  }
  throw new InvalidInputError(
    `There is no time zone ${JSON.stringify(timeZone.slice(0, 100))}: give a name of the IANA database, such as Europe/Berlin or UTC.`,
    field,
  );
}

function readCron(
  expression: string,
  timeZone: string,
  refuse: (problem: string, cause: unknown) => never,
): ZonedCron {
  try {
    return new ZonedCron(expression, timeZone);
  } catch (error) {
    return refuse(`cannot be read: ${problemOf(error)}`, error);
  }
}

/** What croner says, as the end of a sentence. */
function problemOf(error: unknown): string {
  const text = error instanceof Error ? error.message.replace(/^Cron\w*: /, '') : String(error);
  if (/space separated parts|configuration format|requires exactly/.test(text)) {
    return 'it needs five fields (minute, hour, day of month, month, day of week), or six with the second before them';
  }
  const plain = text
    .replace(/^Syntax error, /, '')
    .replace(/^configuration entry/, 'field')
    // It counts these from 0, whoever writes them from 1.
    .replace(
      /(value for (?:day|month): )(-?\d+)$/,
      (_, start: string, n: string) => start + String(Number(n) + 1),
    )
    .replace(/\.$/, '');
  return plain.charAt(0).toLowerCase() + plain.slice(1);
}
