import { InvalidInputError } from '../domain/errors.ts';

// How Pothos' Prisma plugin writes a cursor on an integer column, before base64.
const JOB_CURSOR = /^GPC:N:[0-9]{1,16}$/;

/**
 * Refuses a cursor that no page of jobs has given, before the database would stumble over it.
 * @throws InvalidInputError
 */
export function checkJobCursor(field: string, cursor: string | null | undefined): void {
  if (cursor === null || cursor === undefined) return;
  if (!JOB_CURSOR.test(Buffer.from(cursor, 'base64').toString('latin1'))) {
    throw new InvalidInputError(
      `${field} is not a cursor of a page of jobs. Take it from edges or pageInfo.`,
      field,
    );
  }
}
