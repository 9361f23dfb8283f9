import { InvalidInputError } from '../domain/errors.ts';

// How Pothos' Prisma plugin writes a cursor on an integer column, before base64.
const ROW_CURSOR = /^GPC:N:[0-9]{1,16}$/;

/**
 * Refuses a cursor that no page has given, before the database would stumble over it.
 * @param rows what the pages are of, for people: `jobs`
 * @throws InvalidInputError
 */
export function checkRowCursor(field: string, cursor: string | null | undefined, rows: string): void {
  if (cursor === null || cursor === undefined) return;
  if (!ROW_CURSOR.test(Buffer.from(cursor, 'base64').toString('latin1'))) {
    throw new InvalidInputError(
      `${field} is not a cursor of a page of ${rows}. Take it from edges or pageInfo.`,
      field,
    );
  }
}
